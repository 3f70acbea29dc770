// SPDX-License-Identifier: Apache-2.0
package com.oneprocloud.sync.benchmarks;

import java.io.BufferedInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;

/**
 * A proxy in front of all services of a cloud that counts what they are asked, by route: {@code GET
 * /v3/{id}/snapshots/detail?name}. Thread-safe.
 */
final class CountedRequests implements AutoCloseable {
  private static final String ID = "[0-9a-f]{8}(-?[0-9a-f]{4}){3}-?[0-9a-f]{12}";
  private static final String LENGTH = "content-length:";

  private final ServerSocket listener;
  private final Set<Socket> open = ConcurrentHashMap.newKeySet();
  private final ExecutorService threads = Executors.newCachedThreadPool();

  /** Guarded by itself. */
  private final Map<String, Integer> counts = new TreeMap<>();

  CountedRequests() {
    try {
      listener = new ServerSocket(0, 50, InetAddress.getLoopbackAddress());
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    threads.execute(this::accept);
  }

  /** What to use as the cloud's proxy. */
  URI proxy() {
    return URI.create("http://127.0.0.1:" + listener.getLocalPort());
  }

  /** How often each route was asked for since the last call. */
  Map<String, Integer> take() {
    synchronized (counts) {
      Map<String, Integer> taken = new TreeMap<>(counts);
      counts.clear();
      return taken;
    }
  }

  private void count(String method, URI url) {
    String query = url.getRawQuery() == null ? "" : "?" + url.getRawQuery();
    String route =
        method + " " + url.getPath().replaceAll(ID, "{id}") + query.replaceAll("=[^&]*", "");
    synchronized (counts) {
      counts.merge(route, 1, Integer::sum);
    }
  }

  private void accept() {
    try {
      while (true) {
        Socket client = listener.accept();
        open.add(client);
        threads.execute(() -> requests(client));
      }
    } catch (IOException e) {
      // Closed.
    }
  }

  /** The requests of one connection, which all go to one service. */
  private void requests(Socket client) {
    Socket service = null;
    try (client) {
      InputStream in = new BufferedInputStream(client.getInputStream());
      for (String first = line(in); !first.isEmpty(); first = line(in)) {
        String[] words = first.split(" ", -1);
        URI url = URI.create(words[1]);
        if (service == null) {
          service = new Socket(url.getHost(), url.getPort());
          open.add(service);
          Socket answering = service;
          threads.execute(() -> answers(answering, client));
        }
        count(words[0], url);
        String query = url.getRawQuery() == null ? "" : "?" + url.getRawQuery();
        StringBuilder head = new StringBuilder();
        head.append(words[0]).append(' ').append(url.getRawPath()).append(query).append(' ');
        head.append(words[2]).append("\r\n");
        int length = 0;
        for (String header = line(in); !header.isEmpty(); header = line(in)) {
          head.append(header).append("\r\n");
          if (header.toLowerCase(Locale.ROOT).startsWith(LENGTH)) {
            length = Integer.parseInt(header.substring(LENGTH.length()).strip());
          }
        }
        OutputStream out = service.getOutputStream();
        out.write(head.append("\r\n").toString().getBytes(StandardCharsets.ISO_8859_1));
        out.write(in.readNBytes(length));
      }
    } catch (IOException e) {
      // Either side has closed.
    } finally {
      close(service);
      open.remove(client);
    }
  }

  /** Up to the end of the line or of the connection. */
  private static String line(InputStream in) throws IOException {
    StringBuilder line = new StringBuilder();
    for (int next = in.read(); next >= 0 && next != '\n'; next = in.read()) {
      if (next != '\r') {
        line.append((char) next);
      }
    }
    return line.toString();
  }

  private void answers(Socket service, Socket client) {
    try (service;
        client) {
      service.getInputStream().transferTo(client.getOutputStream());
    } catch (IOException e) {
      // Either side has closed.
    } finally {
      open.remove(service);
    }
  }

  private static void close(Socket socket) {
    try {
      if (socket != null) {
        socket.close();
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  @Override
  public void close() {
    try {
      listener.close();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    open.forEach(CountedRequests::close);
    threads.shutdown();
  }
}
