// SPDX-License-Identifier: Apache-2.0
package com.oneprocloud.sync.openstack;

import java.util.Objects;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * What an OpenStack service answered instead of doing what it was asked: the cause of the {@link
 * com.oneprocloud.sync.api.SyncException} that came of it. Holds no secret: the route is a template
 * and the message had its secrets taken out.
 */
public final class ServiceFault extends Exception {
  private static final long serialVersionUID = 1L;

  private final String service;
  private final String method;
  private final String route;
  private final int status;
  private final @Nullable String requestId;
  private final @Nullable String microversion;
  private final String serviceMessage;

  /**
   * An answer.
   *
   * @param service the service's official name
   * @param method the HTTP method
   * @param route the route's template
   * @param status the HTTP status
   * @param requestId the id under which the service logged the request
   * @param microversion the microversion that was asked for
   * @param serviceMessage what the service said
   */
  public ServiceFault(
      String service,
      String method,
      String route,
      int status,
      @Nullable String requestId,
      @Nullable String microversion,
      String serviceMessage) {
    super(service + " answered " + status + " to " + method + " " + route + ": " + serviceMessage);
    this.service = Objects.requireNonNull(service, "service");
    this.method = Objects.requireNonNull(method, "method");
    this.route = Objects.requireNonNull(route, "route");
    this.status = status;
    this.requestId = requestId;
    this.microversion = microversion;
    this.serviceMessage = Objects.requireNonNull(serviceMessage, "serviceMessage");
  }

  /** The answer that an exception came of, if one did. */
  public static Optional<ServiceFault> of(Throwable failure) {
    for (Throwable it = failure; it != null; it = it.getCause()) {
      if (it instanceof ServiceFault fault) {
        return Optional.of(fault);
      }
    }
    return Optional.empty();
  }

  /** The service's official name: {@code "block-storage"}. */
  public String service() {
    return service;
  }

  /** The HTTP method. */
  public String method() {
    return method;
  }

  /** The route's template, without ids: <code>/servers/{id}</code>. */
  public String route() {
    return route;
  }

  /** The HTTP status. */
  public int status() {
    return status;
  }

  /** The id under which the service logged the request. */
  public Optional<String> requestId() {
    return Optional.ofNullable(requestId);
  }

  /** The microversion that was asked for; empty if none was. */
  public Optional<String> microversion() {
    return Optional.ofNullable(microversion);
  }

  /** What the service said, without markup; empty if it said nothing. */
  public String serviceMessage() {
    return serviceMessage;
  }
}
