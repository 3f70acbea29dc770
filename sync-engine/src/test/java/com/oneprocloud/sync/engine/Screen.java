// SPDX-License-Identifier: Apache-2.0
package com.oneprocloud.sync.engine;

import java.util.ArrayList;
import java.util.List;

/** A terminal as far as a progress bar needs one: what would be seen after some output. */
final class Screen {
  private final int columns;
  private final List<StringBuilder> lines = new ArrayList<>(List.of(new StringBuilder()));
  private int row;
  private int column;
  private boolean wraps = true;

  Screen(int columns) {
    this.columns = columns;
  }

  /**
   * Takes output.
   *
   * @throws AssertionError for a control sequence that it does not know, or a character that would
   *     wrap
   */
  void write(String text) {
    for (int i = 0; i < text.length(); i++) {
      char c = text.charAt(i);
      if (c == '\r') {
        column = 0;
      } else if (c == '\n') {
        column = 0;
        row++;
        if (row == lines.size()) {
          lines.add(new StringBuilder());
        }
      } else if (c == '\033') {
        i = control(text, i);
      } else if (Character.isISOControl(c)) {
        throw new AssertionError("control character " + (int) c);
      } else {
        put(c);
      }
    }
  }

  /** What is seen, without the empty line that the cursor is in. */
  List<String> lines() {
    List<String> seen = new ArrayList<>();
    lines.forEach(line -> seen.add(line.toString().stripTrailing()));
    while (!seen.isEmpty() && seen.get(seen.size() - 1).isEmpty()) {
      seen.remove(seen.size() - 1);
    }
    return seen;
  }

  boolean wraps() {
    return wraps;
  }

  private void put(char c) {
    if (column >= columns) {
      throw new AssertionError("a line of more than " + columns + " characters: " + lines.get(row));
    }
    StringBuilder line = lines.get(row);
    while (line.length() <= column) {
      line.append(' ');
    }
    line.setCharAt(column++, c);
  }

  private int control(String text, int start) {
    int end = start + 2;
    while (!Character.isLetter(text.charAt(end))) {
      end++;
    }
    String sequence = text.substring(start + 1, end + 1);
    if (sequence.matches("\\[\\d+A")) {
      row -= Integer.parseInt(sequence.substring(1, sequence.length() - 1));
      if (row < 0) {
        throw new AssertionError("the cursor went up beyond the first line");
      }
    } else if (sequence.equals("[K")) {
      lines.get(row).setLength(Math.min(column, lines.get(row).length()));
    } else if (sequence.equals("[J")) {
      lines.get(row).setLength(Math.min(column, lines.get(row).length()));
      lines.subList(row + 1, lines.size()).clear();
    } else if (sequence.equals("[?7l")) {
      wraps = false;
    } else if (sequence.equals("[?7h")) {
      wraps = true;
    } else if (!sequence.matches("\\[\\d+m")) {
      throw new AssertionError("unknown control sequence " + sequence);
    }
    return end;
  }
}
