// SPDX-License-Identifier: Apache-2.0
package com.oneprocloud.sync.openstack.internal.config;

import static com.oneprocloud.sync.api.SyncException.failed;

import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.core.StreamReadFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.fasterxml.jackson.dataformat.yaml.YAMLFactory;
import com.oneprocloud.sync.api.SyncException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/**
 * Reads YAML (and with it JSON) without guessing types: a password of digits with a leading zero
 * stays what was written. Keys with {@code -} and {@code _} are alike.
 */
final class YamlFile {
  private static final YAMLFactory FACTORY =
      YAMLFactory.builder().disable(StreamReadFeature.INCLUDE_SOURCE_IN_LOCATION).build();

  private YamlFile() {}

  static ObjectNode read(Path path) {
    try (InputStream in = Files.newInputStream(path);
        JsonParser parser = FACTORY.createParser(in)) {
      JsonNode root = parser.nextToken() == null ? null : value(parser);
      if (root == null || root.isNull()) {
        return JsonNodeFactory.instance.objectNode();
      }
      if (root instanceof ObjectNode object) {
        return object;
      }
      throw unreadable(path, "it is not a mapping", null);
    } catch (JsonProcessingException e) {
      // Its message quotes the line, which may hold a password; the place says enough.
      String place =
          e.getLocation() == null
              ? ""
              : " at line "
                  + e.getLocation().getLineNr()
                  + ", column "
                  + e.getLocation().getColumnNr();
      throw unreadable(path, "it is not YAML" + place, null);
    } catch (IOException e) {
      throw unreadable(path, e.toString(), e);
    }
  }

  private static SyncException unreadable(Path path, String because, @Nullable IOException cause) {
    return new SyncException(
        failed("read cloud configuration", path)
            .because("%s", because)
            .advice("Correct the file")
            .cause(cause));
  }

  private static JsonNode value(JsonParser parser) throws IOException {
    JsonNodeFactory nodes = JsonNodeFactory.instance;
    JsonToken token = parser.currentToken();
    if (token == JsonToken.START_OBJECT) {
      ObjectNode object = nodes.objectNode();
      while (parser.nextToken() != JsonToken.END_OBJECT) {
        String name = parser.currentName();
        parser.nextToken();
        object.set(name, value(parser));
      }
      return object;
    }
    if (token == JsonToken.START_ARRAY) {
      ArrayNode array = nodes.arrayNode();
      while (parser.nextToken() != JsonToken.END_ARRAY) {
        array.add(value(parser));
      }
      return array;
    }
    return token == JsonToken.VALUE_NULL ? nodes.nullNode() : nodes.textNode(parser.getText());
  }
}
