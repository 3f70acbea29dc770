// SPDX-License-Identifier: Apache-2.0
package com.oneprocloud.sync.openstack.internal.json;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.MissingNode;
import java.math.BigDecimal;
import java.time.DateTimeException;
import java.time.Instant;
import java.time.LocalDateTime;
import java.time.OffsetDateTime;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * The fields of a JSON object, read as what we need whatever type the release at hand gave them:
 * numbers as text, text as numbers, {@code "True"} as a boolean, null and {@code ""} as absent.
 * Immutable.
 *
 * @param node the object; any other node reads as an object without fields
 */
public record Fields(JsonNode node) {
  /** A zone as some proxies and old libraries write it: {@code +0100}, {@code +01}. */
  private static final Pattern BRIEF_ZONE = Pattern.compile("(.*T.*[+-]\\d\\d):?(\\d\\d)?$");

  /** No fields. */
  public static Fields none() {
    return new Fields(MissingNode.getInstance());
  }

  /** Whether there is such a field, even null. */
  public boolean has(String name) {
    return node.has(name);
  }

  /** Whether there are fields at all. */
  public boolean isEmpty() {
    return !node.isObject() || node.isEmpty();
  }

  /** A field's text; absent if it is null, empty, or no value. */
  public Optional<String> text(String name) {
    JsonNode value = node.path(name);
    if (!value.isValueNode() || value.isNull()) {
      return Optional.empty();
    }
    String text = value.asText();
    return text.isEmpty() ? Optional.empty() : Optional.of(text);
  }

  /** The first of several fields that has a text. */
  public Optional<String> text(String first, String second) {
    Optional<String> text = text(first);
    return text.isPresent() ? text : text(second);
  }

  /** A field's whole number, fractions cut off. */
  public OptionalLong number(String name) {
    JsonNode value = node.path(name);
    if (value.isIntegralNumber() && value.canConvertToLong()) {
      return OptionalLong.of(value.longValue());
    }
    if (value.isNumber() || value.isTextual()) {
      try {
        return OptionalLong.of(new BigDecimal(value.asText().strip()).longValue());
      } catch (NumberFormatException e) {
        return OptionalLong.empty();
      }
    }
    return OptionalLong.empty();
  }

  /**
   * A field's whole number in a larger unit, in bytes; 0 if there is none, and the largest number
   * there is for what would be more.
   *
   * @param unit the unit, bytes
   */
  public long bytes(String name, long unit) {
    long count = Math.max(0, number(name).orElse(0));
    return count > Long.MAX_VALUE / unit ? Long.MAX_VALUE : count * unit;
  }

  /** A field's truth, if it has one. */
  public Optional<Boolean> truth(String name) {
    JsonNode value = node.path(name);
    if (value.isBoolean()) {
      return Optional.of(value.booleanValue());
    }
    if (value.isNumber()) {
      return Optional.of(value.asInt() != 0);
    }
    if (value.isTextual()) {
      String text = value.textValue().strip();
      for (String yes : List.of("true", "yes", "on", "1", "t", "y")) {
        if (yes.equalsIgnoreCase(text)) {
          return Optional.of(true);
        }
      }
      return text.isEmpty() ? Optional.empty() : Optional.of(false);
    }
    return Optional.empty();
  }

  /** Whether a field is true in any of the ways in which that is written. */
  public boolean isTrue(String name) {
    return truth(name).orElse(false);
  }

  /** A field's moment; one without a zone is UTC. */
  public Optional<Instant> instant(String name) {
    return text(name).flatMap(Fields::parseInstant);
  }

  static Optional<Instant> parseInstant(String text) {
    Instant usual = usualInstant(text);
    return usual != null ? Optional.of(usual) : anyInstant(text);
  }

  /**
   * A moment as Nova and Cinder mostly write it, {@code 2015-11-29T02:25:51} with or without six
   * more digits and {@code Z}: a list has one for each server, and a formatter takes ten times as
   * long.
   */
  private static @Nullable Instant usualInstant(String text) {
    int length = text.length() - (text.endsWith("Z") ? 1 : 0);
    if (length != 19 && length != 26) {
      return null;
    }
    for (int i = 0; i < length; i++) {
      char c = text.charAt(i);
      char shape = "0000-00-00T00:00:00.000000".charAt(i);
      if (shape == '0' ? c < '0' || c > '9' : c != shape) {
        return null;
      }
    }
    try {
      return LocalDateTime.of(
              digits(text, 0, 4),
              digits(text, 5, 7),
              digits(text, 8, 10),
              digits(text, 11, 13),
              digits(text, 14, 16),
              digits(text, 17, 19),
              length == 26 ? digits(text, 20, 26) * 1000 : 0)
          .toInstant(ZoneOffset.UTC);
    } catch (DateTimeException e) {
      return null;
    }
  }

  private static int digits(String text, int from, int to) {
    return Integer.parseInt(text, from, to, 10);
  }

  /** The same by formatters, for all shapes. */
  static Optional<Instant> anyInstant(String text) {
    String iso = text.strip().replaceFirst("(?<=\\d) +(?=\\d)", "T").replace(" ", "");
    Matcher zone = BRIEF_ZONE.matcher(iso);
    if (zone.matches()) {
      iso = zone.group(1) + ":" + (zone.group(2) == null ? "00" : zone.group(2));
    }
    try {
      return Optional.of(OffsetDateTime.parse(iso).toInstant());
    } catch (DateTimeException e) {
      // Most of Cinder, and Nova's extensions, leave the zone out.
    }
    try {
      return Optional.of(LocalDateTime.parse(iso).toInstant(ZoneOffset.UTC));
    } catch (DateTimeException e) {
      return Optional.empty();
    }
  }

  /** A field's object; without fields if it is none. */
  public Fields object(String name) {
    return new Fields(node.path(name));
  }

  /** A field's elements, each as an object; none if it is null. */
  public List<Fields> objects(String name) {
    List<Fields> found = new ArrayList<>();
    for (JsonNode element : node.path(name)) {
      found.add(new Fields(element));
    }
    return found;
  }

  /** A field's elements as texts; none if it is null. A lone text is a list of one. */
  public List<String> texts(String name) {
    JsonNode value = node.path(name);
    if (value.isTextual() && !value.textValue().isEmpty()) {
      return List.of(value.textValue());
    }
    List<String> found = new ArrayList<>();
    if (value.isArray()) {
      for (JsonNode element : value) {
        if (element.isValueNode() && !element.isNull()) {
          found.add(element.asText());
        }
      }
    }
    return found;
  }

  /** The fields' names, in their order. */
  public List<String> names() {
    List<String> names = new ArrayList<>();
    node.fieldNames().forEachRemaining(names::add);
    return names;
  }

  /** A field's entries as texts, in their order; nested values as JSON, null as empty. */
  public Map<String, String> map(String name) {
    return new Fields(node.path(name)).asMap();
  }

  /** These fields as texts, in their order; nested values as JSON, null as empty. */
  public Map<String, String> asMap() {
    Map<String, String> found = new LinkedHashMap<>();
    for (Map.Entry<String, JsonNode> entry : node.properties()) {
      found.put(entry.getKey(), asText(entry.getValue()));
    }
    return found;
  }

  private static String asText(JsonNode value) {
    if (value.isNull()) {
      return "";
    }
    return value.isValueNode() ? value.asText() : value.toString();
  }

  /** A field that holds JSON, or a text that holds JSON. */
  public JsonNode embedded(String name) {
    JsonNode value = node.path(name);
    if (!value.isTextual()) {
      return value;
    }
    try {
      return JsonText.MAPPER.readTree(value.textValue());
    } catch (JsonProcessingException e) {
      return MissingNode.getInstance();
    }
  }
}
