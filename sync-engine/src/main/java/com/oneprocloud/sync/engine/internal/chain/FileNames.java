// SPDX-License-Identifier: Apache-2.0
package com.oneprocloud.sync.engine.internal.chain;

import java.nio.charset.StandardCharsets;
import java.util.Locale;

/** Turns any text into a file name, different texts into different names. */
public final class FileNames {
  /** File systems allow 255 bytes; some are left for what callers append. */
  private static final int LONGEST = 200;

  private FileNames() {}

  /**
   * The text with every byte outside letters, digits, '-', '_' and inner dots percent-encoded. Of a
   * long text only the beginning, and the hash of all of it.
   */
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
    if (name.length() <= LONGEST) {
      return name.toString();
    }
    String hash = ManifestRecord.hash(text.getBytes(StandardCharsets.UTF_8)).hex();
    // a '%' that no byte follows is in no other name
    return name.substring(0, LONGEST - hash.length() - 2) + "%-" + hash;
  }
}
