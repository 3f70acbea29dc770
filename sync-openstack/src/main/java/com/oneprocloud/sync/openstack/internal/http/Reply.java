// SPDX-License-Identifier: Apache-2.0
package com.oneprocloud.sync.openstack.internal.http;

import java.io.InputStream;
import java.util.Optional;
import okhttp3.Headers;
import okhttp3.HttpUrl;

/**
 * An answer that is no fault.
 *
 * @param status the HTTP status
 * @param headers its headers
 * @param url where it came from in the end
 * @param body the body; good until the reader returns
 */
public record Reply(int status, Headers headers, HttpUrl url, InputStream body) {
  /** A header's value. */
  public Optional<String> header(String name) {
    return Optional.ofNullable(headers.get(name));
  }

  /** The service's clock when it answered. */
  public Optional<java.time.Instant> date() {
    return RetryAfter.httpDate(headers.get("Date"));
  }
}
