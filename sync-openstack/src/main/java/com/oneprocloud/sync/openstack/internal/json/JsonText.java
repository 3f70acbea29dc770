// SPDX-License-Identifier: Apache-2.0
package com.oneprocloud.sync.openstack.internal.json;

import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.core.StreamReadFeature;
import com.fasterxml.jackson.core.io.JsonEOFException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.FilterInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.util.function.Consumer;

/** Between JSON text and nodes. */
public final class JsonText {
  // Locations would quote the source in messages, and with it secrets.
  static final JsonMapper MAPPER =
      JsonMapper.builder().disable(StreamReadFeature.INCLUDE_SOURCE_IN_LOCATION).build();

  private JsonText() {}

  /** An object to fill. */
  public static ObjectNode object() {
    return JsonNodeFactory.instance.objectNode();
  }

  /** The text of a node. */
  public static String compact(JsonNode node) {
    try {
      return MAPPER.writeValueAsString(node);
    } catch (JsonProcessingException e) {
      throw new IllegalStateException("a tree of nodes can be written", e);
    }
  }

  /** The text of a node for people. */
  public static String pretty(JsonNode node) {
    return node.toPrettyString();
  }

  /** Reads one document. */
  public static Fields read(InputStream body) throws IOException {
    EndMark source = new EndMark(body);
    try {
      JsonNode node = MAPPER.readTree(source);
      if (node.isMissingNode()) {
        throw cut();
      }
      return new Fields(node);
    } catch (JsonProcessingException e) {
      throw source.isAtEnd() ? cut() : e;
    }
  }

  /** Reads one document out of a text. */
  public static Fields read(String text) throws JsonProcessingException {
    return new Fields(MAPPER.readTree(text));
  }

  /**
   * Reads a document with a long array in it without holding more than one element at a time.
   *
   * @param body the document
   * @param array the name of the array, a field of the document
   * @param each takes each element
   * @return the document's other fields
   */
  public static Fields readArray(InputStream body, String array, Consumer<Fields> each)
      throws IOException {
    EndMark source = new EndMark(body);
    try (JsonParser parser = MAPPER.createParser(source)) {
      return readArray(parser, array, each);
    } catch (JsonProcessingException e) {
      throw source.isAtEnd() ? cut() : e;
    }
  }

  private static Fields readArray(JsonParser parser, String array, Consumer<Fields> each)
      throws IOException {
    ObjectNode rest = object();
    JsonToken start = parser.nextToken();
    if (start == null) {
      throw cut();
    }
    if (start != JsonToken.START_OBJECT) {
      parser.skipChildren();
      return new Fields(rest);
    }
    while (parser.nextToken() != JsonToken.END_OBJECT) {
      String name = parser.currentName();
      JsonToken value = parser.nextToken();
      if (name.equals(array) && value == JsonToken.START_ARRAY) {
        while (parser.nextToken() != JsonToken.END_ARRAY) {
          each.accept(new Fields(MAPPER.readTree(parser)));
        }
      } else {
        rest.set(name, MAPPER.readTree(parser));
      }
    }
    return new Fields(rest);
  }

  private static JsonEOFException cut() {
    return new JsonEOFException(null, JsonToken.NOT_AVAILABLE, "the document is cut short");
  }

  /**
   * Notices when the source has no more. Where a cut document fails to parse depends on where it
   * was cut; that it failed at its end does not.
   */
  private static final class EndMark extends FilterInputStream {
    private boolean atEnd;

    EndMark(InputStream source) {
      super(source);
    }

    boolean isAtEnd() {
      return atEnd;
    }

    @Override
    public int read() throws IOException {
      int value = super.read();
      atEnd |= value < 0;
      return value;
    }

    @Override
    public int read(byte[] buffer, int offset, int length) throws IOException {
      int count = super.read(buffer, offset, length);
      atEnd |= count < 0;
      return count;
    }
  }
}
