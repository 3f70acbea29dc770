// SPDX-License-Identifier: Apache-2.0
package com.oneprocloud.sync.engine.internal.chain;

import java.nio.charset.StandardCharsets;
import java.util.Locale;

/** Turns any text into a file name, different texts into different names. */
public final class FileNames {
  private FileNames() {}

  /** The text with every byte outside letters, digits, '-', '_' and inner dots percent-encoded. */
  public static String encode(String text) {
    StringBuilder name = new StringBuilder();
    for (byte b : text.getBytes(StandardCharsets.UTF_8)) {
      char c = (char) (b & 0xff);
      boolean plain =
          (c < 128 && Character.isLetterOrDigit(c))
              || c == '-'
              || c == '_'
              || (c == '.' && name.length() > 0);
      if (plain) {
        name.append(c);
      } else {
        name.append(String.format(Locale.ROOT, "%%%02x", (int) c));
      }
    }
    return name.toString();
  }
}
