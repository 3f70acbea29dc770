// SPDX-License-Identifier: Apache-2.0
package com.oneprocloud.sync.openstack.internal.http;

import java.util.LinkedHashMap;
import java.util.Map;
import okhttp3.HttpUrl;
import org.jspecify.annotations.Nullable;

/**
 * One call to a service.
 *
 * @param service the service's name, for messages
 * @param method the HTTP method
 * @param url where to
 * @param route the route's template, for messages: no ids, no secrets
 * @param headers headers beside the standard ones
 * @param token the token to send
 * @param body JSON
 * @param repeatable whether doing it twice does no more than doing it once
 * @param secretBody whether the body holds a secret, so that it must not follow a redirect
 *     elsewhere
 * @param patient whether the service may think for minutes before it answers
 */
public record Request(
    String service,
    String method,
    HttpUrl url,
    String route,
    Map<String, String> headers,
    @Nullable String token,
    @Nullable String body,
    boolean repeatable,
    boolean secretBody,
    boolean patient) {
  /** Copies the headers. */
  public Request {
    headers = Map.copyOf(headers);
  }

  /** A GET. */
  public static Request get(String service, HttpUrl url, String route) {
    return new Request(service, "GET", url, route, Map.of(), null, null, true, false, false);
  }

  /** A DELETE. */
  public static Request delete(String service, HttpUrl url, String route) {
    return new Request(service, "DELETE", url, route, Map.of(), null, null, true, false, false);
  }

  /** A POST, which is never repeated unless it certainly never arrived. */
  public static Request post(String service, HttpUrl url, String route, String json) {
    return new Request(service, "POST", url, route, Map.of(), null, json, false, false, false);
  }

  /** A POST with a secret that can be repeated: asking for a token. */
  public static Request login(String service, HttpUrl url, String route, String json) {
    return new Request(service, "POST", url, route, Map.of(), null, json, true, true, false);
  }

  /** The same with a token. */
  public Request withToken(@Nullable String newToken) {
    return new Request(
        service, method, url, route, headers, newToken, body, repeatable, secretBody, patient);
  }

  /** The same with one more header. */
  public Request withHeader(String name, String value) {
    Map<String, String> more = new LinkedHashMap<>(headers);
    more.put(name, value);
    return new Request(
        service, method, url, route, more, token, body, repeatable, secretBody, patient);
  }

  /** The same, but waiting longer for an answer. */
  public Request patiently() {
    return new Request(
        service, method, url, route, headers, token, body, repeatable, secretBody, true);
  }

  /** What messages call it. */
  public String operation() {
    return method + " " + service + " " + route;
  }

  @Override
  public String toString() {
    return operation();
  }
}
