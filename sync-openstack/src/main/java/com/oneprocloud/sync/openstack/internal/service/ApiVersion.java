// SPDX-License-Identifier: Apache-2.0
package com.oneprocloud.sync.openstack.internal.service;

import com.oneprocloud.sync.openstack.internal.json.Fields;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * One entry of a version document.
 *
 * @param id what the document calls it: {@code "v2.1"}, {@code "v3.14"}
 * @param path the part of the path that selects it: {@code "v2.1"}, {@code "v3"}
 * @param status the document's word, in upper case
 * @param lowest the lowest microversion, if it has them
 * @param highest the highest microversion, if it has them
 */
public record ApiVersion(
    String id,
    String path,
    String status,
    Optional<Microversion> lowest,
    Optional<Microversion> highest) {
  private static final Pattern ID = Pattern.compile("(?i)v?(\\d+)(?:\\.(\\d+))?.*");
  private static final Pattern PATH_PART = Pattern.compile("/(v\\d+(?:\\.\\d+)?)/?(?:[?#].*)?$");

  /** A version whose microversions nobody has told yet: it may have any. */
  static ApiVersion untold(String path) {
    ApiVersion version = new ApiVersion(path, path, "CURRENT", Optional.empty(), Optional.empty());
    return new ApiVersion(
        path,
        path,
        "CURRENT",
        Optional.empty(),
        Optional.of(Microversion.of(version.major(), Integer.MAX_VALUE)));
  }

  /** The major version; 0 if the id names none. */
  public int major() {
    Matcher matcher = ID.matcher(id);
    return matcher.matches() ? Integer.parseInt(matcher.group(1)) : 0;
  }

  /** Whether it is meant to be used. */
  public boolean isUsable() {
    return switch (status) {
      case "CURRENT", "SUPPORTED", "DEPRECATED", "STABLE" -> true;
      default -> false;
    };
  }

  /**
   * The versions in a document of any of the forms that there are: a list, a list within {@code
   * values}, {@code choices}, one version, or a bare one.
   */
  public static List<ApiVersion> listedIn(Fields document) {
    List<Fields> entries = new ArrayList<>();
    if (document.node().path("versions").isArray()) {
      entries.addAll(document.objects("versions"));
    } else if (document.node().path("versions").isObject()) {
      entries.addAll(document.object("versions").objects("values"));
    } else if (document.node().path("choices").isArray()) {
      entries.addAll(document.objects("choices"));
    } else if (document.node().path("version").isObject()) {
      entries.add(document.object("version"));
    } else if (document.has("id")) {
      entries.add(document);
    }
    List<ApiVersion> found = new ArrayList<>();
    for (Fields entry : entries) {
      entry.text("id").ifPresent(id -> found.add(entry(id, entry)));
    }
    return found;
  }

  private static ApiVersion entry(String id, Fields entry) {
    return new ApiVersion(
        id,
        path(id, entry),
        entry.text("status").orElse("CURRENT").toUpperCase(Locale.ROOT),
        entry.text("min_version").flatMap(Microversion::parse),
        entry.text("version", "max_version").flatMap(Microversion::parse));
  }

  private static String path(String id, Fields entry) {
    for (Fields link : entry.objects("links")) {
      Optional<String> href = link.text("href");
      if (link.text("rel").orElse("self").equals("self") && href.isPresent()) {
        Matcher matcher = PATH_PART.matcher(href.get());
        if (matcher.find()) {
          return matcher.group(1);
        }
      }
    }
    Matcher matcher = ID.matcher(id);
    if (!matcher.matches()) {
      return id;
    }
    // v2.1 of Nova is a path; v3.14 of Keystone and v2.0 of Nova are v3 and v2.
    String minor = matcher.group(2);
    return "1".equals(minor) && "2".equals(matcher.group(1)) ? "v2.1" : "v" + matcher.group(1);
  }
}
