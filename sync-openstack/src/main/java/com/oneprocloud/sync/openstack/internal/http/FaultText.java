// SPDX-License-Identifier: Apache-2.0
package com.oneprocloud.sync.openstack.internal.http;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import java.util.Locale;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * What a service says is wrong, out of any of the shapes in which OpenStack services, the
 * middleware in front of them and the proxies in front of that say it.
 */
public final class FaultText {
  private static final int LONGEST = 600;
  private static final JsonMapper MAPPER = new JsonMapper();
  private static final Pattern TITLE =
      Pattern.compile("(?is)<title[^>]*>(.*?)</title>|<h1[^>]*>(.*?)</h1>");
  private static final Pattern UNSEEN = Pattern.compile("(?is)<(script|style|head)\\b.*?</\\1>");
  private static final Pattern TAG = Pattern.compile("(?s)<[^>]*>");
  private static final Pattern NUMBERED = Pattern.compile("&#(x[0-9a-fA-F]{1,6}|[0-9]{1,7});");
  private static final Pattern QUOTA =
      Pattern.compile(
          "(?i)quota|maximum number of|(limit|allowed|allocat\\w+)\\W+(\\w+\\W+){0,4}exceeded"
              + "|exceeds? (the )?(allowed|limit)|VolumeSizeExceeds|LimitExceeded");

  private FaultText() {}

  /** The message in a body, without markup, on one line, cut to a length for people. */
  static String of(String body) {
    String text = body.strip();
    String found = text;
    if (text.startsWith("{") || text.startsWith("[")) {
      try {
        found = fromJson(MAPPER.readTree(text), 0);
      } catch (JsonProcessingException e) {
        found = text; // Cut short on its way; what is there may still help.
      }
    }
    return cut(withoutMarkup(found));
  }

  private static String fromJson(JsonNode node, int depth) {
    if (node.isTextual()) {
      return node.textValue();
    }
    if (node.isArray()) {
      return node.isEmpty() ? "" : fromJson(node.get(0), depth + 1);
    }
    if (!node.isObject() || depth > 4) {
      return node.isValueNode() ? node.asText() : "";
    }
    // {"code", "message", "title"} of WebOb, the inner object of Nova, Cinder and Keystone,
    // {"title", "detail"} of placement, {"faultstring"} of WSME.
    for (String key :
        new String[] {"message", "detail", "details", "error_message", "faultstring", "title"}) {
      JsonNode value = node.get(key);
      if (value != null && !value.isNull() && !value.asText("").isBlank()) {
        String text = value.isValueNode() ? value.asText() : fromJson(value, depth + 1);
        if (!text.isBlank()) {
          return text;
        }
      }
      if (value != null && value.isObject()) {
        return fromJson(value, depth + 1);
      }
    }
    if (node.has("required_auth_methods")) {
      return "more methods of authentication are required: " + node.get("required_auth_methods");
    }
    JsonNode errors = node.get("errors");
    if (errors != null && errors.isArray()) {
      return fromJson(errors, depth + 1);
    }
    // {"itemNotFound": {...}}, {"error": {...}}, {"NeutronError": {...}}
    for (Map.Entry<String, JsonNode> field : node.properties()) {
      if (field.getValue().isObject() || "error".equals(field.getKey())) {
        String text = fromJson(field.getValue(), depth + 1);
        if (!text.isBlank()) {
          return text;
        }
      }
    }
    return "";
  }

  private static String withoutMarkup(String text) {
    String plain = text;
    if (text.indexOf('<') >= 0 && text.indexOf('>') > 0) {
      String title = "";
      Matcher matcher = TITLE.matcher(text);
      if (matcher.find()) {
        title = matcher.group(1) != null ? matcher.group(1) : matcher.group(2);
      }
      plain = TAG.matcher(UNSEEN.matcher(text).replaceAll(" ")).replaceAll(" ");
      if (!title.isBlank() && !plain.contains(title.strip())) {
        plain = title + ": " + plain;
      }
    }
    if (plain.indexOf('&') >= 0) {
      plain =
          NUMBERED
              .matcher(plain)
              .replaceAll(it -> Matcher.quoteReplacement(character(it.group(1))))
              .replace("&lt;", "<")
              .replace("&gt;", ">")
              .replace("&quot;", "\"")
              .replace("&nbsp;", " ")
              .replace("&amp;", "&");
    }
    return plain.replaceAll("\\s+", " ").strip();
  }

  private static String character(String number) {
    int code =
        number.startsWith("x")
            ? Integer.parseInt(number.substring(1), 16)
            : Integer.parseInt(number, 10);
    return Character.isValidCodePoint(code) ? Character.toString(code) : "";
  }

  private static String cut(String text) {
    return text.length() <= LONGEST ? text : text.substring(0, LONGEST) + "…";
  }

  /** Whether a message tells that a quota is used up, rather than that we ask too fast. */
  public static boolean isQuota(int status, String message, boolean retryAfterZero) {
    return switch (status) {
      case 413 -> retryAfterZero || QUOTA.matcher(message).find();
      case 403, 429 ->
          message.toLowerCase(Locale.ROOT).contains("quota")
              || message.toLowerCase(Locale.ROOT).contains("maximum number of");
      default -> false;
    };
  }
}
