// SPDX-License-Identifier: Apache-2.0
package com.oneprocloud.sync.openstack.internal.service;

import static com.oneprocloud.sync.api.SyncException.failed;

import com.oneprocloud.sync.api.SyncException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.regex.Pattern;
import okhttp3.HttpUrl;

/**
 * A service's URL taken apart: what comes before the version, and the version. A project id behind
 * it is dropped; it is put back where the token has one.
 *
 * @param prefix the URL without version and project, with a slash at its end
 * @param version the version in the path, if any: {@code "v2.1"}
 */
public record EndpointUrl(HttpUrl prefix, Optional<String> version) {
  private static final Pattern VERSION = Pattern.compile("v\\d+(\\.\\d+)?");

  /**
   * Takes a URL apart.
   *
   * @param url the URL, as the catalog has it
   * @param projectId the project of the token
   */
  public static EndpointUrl parse(String url, Optional<String> projectId) {
    HttpUrl parsed = HttpUrl.parse(url);
    if (parsed == null) {
      throw new SyncException(
          failed("read URL", url.replaceFirst("//[^/@]*@", "//"))
              .because("it is no http or https URL")
              .advice("Correct the catalog's entry, or override the endpoint"));
    }
    List<String> parts = new ArrayList<>();
    for (String part : parsed.pathSegments()) {
      if (!part.isEmpty()) {
        parts.add(part);
      }
    }
    int last = parts.size() - 1;
    if (last >= 0 && projectId.isPresent() && parts.get(last).equals(projectId.get())) {
      parts.remove(last);
    } else if (last >= 1
        && !VERSION.matcher(parts.get(last)).matches()
        && VERSION.matcher(parts.get(last - 1)).matches()) {
      parts.remove(last);
    }
    Optional<String> version = Optional.empty();
    last = parts.size() - 1;
    if (last >= 0 && VERSION.matcher(parts.get(last)).matches()) {
      version = Optional.of(parts.remove(last));
    }
    HttpUrl.Builder prefix = parsed.newBuilder().encodedPath("/").query(null).fragment(null);
    for (String part : parts) {
      prefix.addPathSegment(part);
    }
    return new EndpointUrl(prefix.addPathSegment("").build(), version);
  }

  /** The major version in the path; 0 if there is none. */
  public int major() {
    return version.map(it -> Integer.parseInt(it.replaceAll("\\..*", "").substring(1))).orElse(0);
  }

  /** The document that lists all versions. */
  public HttpUrl root() {
    return prefix;
  }

  /** The document of the version in the path. */
  public Optional<HttpUrl> versioned() {
    return version.map(it -> under(it, ""));
  }

  /** A path below the prefix. */
  public HttpUrl under(String... parts) {
    HttpUrl.Builder builder = prefix.newBuilder();
    for (String part : parts) {
      builder.addPathSegment(part);
    }
    return builder.build();
  }
}
