// SPDX-License-Identifier: Apache-2.0
package com.oneprocloud.sync.benchmarks;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * A relay to a cloud's Keystone that counts how often it is asked for a token. All other services
 * are found through the catalog and not relayed.
 */
final class CountedLogins implements AutoCloseable {
  private static final String LOGIN = "POST /v3/auth/tokens ";

  private final URI keystone;
  private final ServerSocket listener;
  private final AtomicInteger count = new AtomicInteger();
  private final Set<Socket> open = ConcurrentHashMap.newKeySet();
  private final ExecutorService threads = Executors.newCachedThreadPool();

  CountedLogins(URI keystone) {
    this.keystone = keystone;
    try {
      listener = new ServerSocket(0, 50, InetAddress.getLoopbackAddress());
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    threads.execute(this::accept);
  }

  /** What to use for Keystone's address. */
  URI authUrl() {
    return URI.create("http://127.0.0.1:" + listener.getLocalPort() + keystone.getPath());
  }

  int count() {
    return count.get();
  }

  private void accept() {
    try {
      while (true) {
        Socket client = listener.accept();
        Socket server = new Socket(keystone.getHost(), keystone.getPort());
        open.add(client);
        open.add(server);
        threads.execute(() -> relay(client, server, true));
        threads.execute(() -> relay(server, client, false));
      }
    } catch (IOException e) {
      // Closed.
    }
  }

  private void relay(Socket from, Socket to, boolean requests) {
    byte[] buffer = new byte[1 << 16];
    try (from;
        to) {
      InputStream in = from.getInputStream();
      OutputStream out = to.getOutputStream();
      for (int n = in.read(buffer); n >= 0; n = in.read(buffer)) {
        // The client sends no second request before the first one's answer.
        if (requests && new String(buffer, 0, n, StandardCharsets.ISO_8859_1).startsWith(LOGIN)) {
          count.incrementAndGet();
        }
        out.write(buffer, 0, n);
      }
    } catch (IOException e) {
      // Either side has closed.
    } finally {
      open.remove(from);
      open.remove(to);
    }
  }

  @Override
  public void close() {
    try {
      listener.close();
      for (Socket each : open) {
        each.close();
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    threads.shutdown();
  }
}
