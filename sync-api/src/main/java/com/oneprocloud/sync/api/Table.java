// SPDX-License-Identifier: Apache-2.0
package com.oneprocloud.sync.api;

import java.util.List;

/** Sets rows of text in columns as wide as their widest cell. */
final class Table {
  private Table() {}

  /**
   * Sets a table.
   *
   * @param rows the heading, then the rows; all of the same length
   */
  static String of(List<String[]> rows) {
    int columns = rows.get(0).length;
    int[] widths = new int[columns];
    for (String[] row : rows) {
      for (int i = 0; i < columns; i++) {
        widths[i] = Math.max(widths[i], row[i].length());
      }
    }
    StringBuilder text = new StringBuilder();
    for (String[] row : rows) {
      StringBuilder line = new StringBuilder("  ");
      for (int i = 0; i < columns; i++) {
        line.append(row[i]).append(" ".repeat(widths[i] - row[i].length() + 2));
      }
      text.append(line.toString().stripTrailing()).append('\n');
    }
    return text.toString();
  }
}
