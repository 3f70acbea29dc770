// SPDX-License-Identifier: Apache-2.0
package com.oneprocloud.sync.openstack.internal.service;

import com.oneprocloud.sync.openstack.CloudConfig;
import com.oneprocloud.sync.openstack.ServiceType;
import com.oneprocloud.sync.openstack.internal.http.Secrets;
import com.oneprocloud.sync.openstack.internal.http.Ticker;
import com.oneprocloud.sync.openstack.internal.http.Transport;
import com.oneprocloud.sync.openstack.internal.identity.Keystone;
import com.oneprocloud.sync.openstack.internal.identity.TokenSource;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ConcurrentHashMap;

/**
 * One user's dealings with one cloud: the connection, the token, and the services, each found when
 * it is first needed. Thread-safe.
 */
public final class Session implements AutoCloseable {
  private final CloudConfig config;
  private final Transport transport;
  private final TokenSource tokens;
  private final ConcurrentHashMap<ServiceType, CompletableFuture<ServiceClient>> services =
      new ConcurrentHashMap<>();

  /** A session that has not talked to the cloud yet. */
  public Session(CloudConfig config, Ticker ticker) {
    this.config = config;
    Secrets secrets = new Secrets();
    this.transport = new Transport(config, ticker, secrets);
    Keystone keystone = new Keystone(config, transport, secrets);
    this.tokens = new TokenSource(keystone::login, ticker);
  }

  /** A service. Found once; however many threads want it at first, it is looked for once. */
  public ServiceClient service(ServiceType type) {
    CompletableFuture<ServiceClient> ours = new CompletableFuture<>();
    CompletableFuture<ServiceClient> found = services.putIfAbsent(type, ours);
    if (found == null) {
      try {
        ours.complete(new ServiceFinder(config, transport, tokens).find(type));
      } catch (RuntimeException | Error e) {
        services.remove(type, ours);
        ours.completeExceptionally(e);
        throw e;
      }
      found = ours;
    }
    try {
      return found.join();
    } catch (CompletionException e) {
      if (e.getCause() instanceof RuntimeException cause) {
        throw cause;
      }
      throw e;
    }
  }

  /** The tokens. */
  public TokenSource tokens() {
    return tokens;
  }

  /** What it was configured with. */
  public CloudConfig config() {
    return config;
  }

  /** The connection. */
  public Transport transport() {
    return transport;
  }

  @Override
  public void close() {
    tokens.clear();
    transport.close();
  }
}
