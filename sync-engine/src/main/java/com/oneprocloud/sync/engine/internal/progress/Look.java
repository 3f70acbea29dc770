// SPDX-License-Identifier: Apache-2.0
package com.oneprocloud.sync.engine.internal.progress;

import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.Charset;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Locale;
import java.util.Map;

/**
 * What a stream can show.
 *
 * @param redraws whether it is a terminal, where a line can be drawn again
 * @param blocks whether it shows block characters, else ASCII is used
 * @param colours whether it shows colours
 * @param columns characters to a line
 */
public record Look(boolean redraws, boolean blocks, boolean colours, int columns) {
  private static final int USUAL_COLUMNS = 80;

  /** Checks the width. */
  public Look {
    if (columns < 20) {
      throw new IllegalArgumentException("columns is less than 20: " + columns);
    }
  }

  /** What a stream can show, as far as can be found out without writing to it. */
  public static Look of(PrintStream out) {
    return of(isTerminal(out), encoding(out), System.getenv());
  }

  /**
   * What a stream can show.
   *
   * @param terminal whether it goes to a terminal
   * @param encoding what turns its characters into bytes
   * @param environment the environment variables
   */
  static Look of(boolean terminal, Charset encoding, Map<String, String> environment) {
    String term = environment.getOrDefault("TERM", "");
    boolean redraws = terminal && !term.isEmpty() && !term.equals("dumb");
    boolean blocks = encoding.canEncode() && encoding.newEncoder().canEncode(Bar.FULL);
    boolean colours = redraws && environment.getOrDefault("NO_COLOR", "").isEmpty();
    return new Look(redraws, blocks, colours, columns(environment.getOrDefault("COLUMNS", "")));
  }

  private static int columns(String text) {
    return text.matches("\\d{1,4}") && Integer.parseInt(text) >= 20
        ? Integer.parseInt(text)
        : USUAL_COLUMNS;
  }

  private static boolean isTerminal(PrintStream out) {
    int descriptor = out == System.out ? 1 : out == System.err ? 2 : 0;
    if (descriptor == 0) {
      return false;
    }
    Path link = Path.of("/proc/self/fd/" + descriptor);
    try {
      String target = Files.readSymbolicLink(link).toString();
      return target.startsWith("/dev/pts/")
          || target.startsWith("/dev/tty")
          || target.equals("/dev/console");
    } catch (IOException | UnsupportedOperationException | SecurityException e) {
      // not on Linux
      return false;
    }
  }

  /**
   * The encoding of a stream; before JDK 18 a stream does not tell, but the JVM does of its own.
   */
  private static Charset encoding(PrintStream out) {
    String standard =
        out == System.out ? "stdout.encoding" : out == System.err ? "stderr.encoding" : "";
    for (String property : new String[] {standard, "sun." + standard, "native.encoding"}) {
      String name = standard.isEmpty() ? "" : System.getProperty(property, "");
      if (!name.isEmpty() && Charset.isSupported(name)) {
        return Charset.forName(name);
      }
    }
    return Charset.defaultCharset();
  }

  /**
   * Makes text safe for one line: control characters, which could move the cursor, are replaced.
   */
  static String oneLine(String text) {
    StringBuilder line = new StringBuilder(text.length());
    text.codePoints().forEach(c -> line.appendCodePoint(Character.isISOControl(c) ? ' ' : c));
    return line.toString();
  }

  /** Shortens text in its middle, where names of images differ least. */
  String fit(String text, int width) {
    if (text.length() <= width) {
      return text;
    }
    String gap = blocks ? "…" : "..";
    int kept = Math.max(0, width - gap.length());
    int tail = kept / 2;
    return text.substring(0, kept - tail) + gap + text.substring(text.length() - tail);
  }

  /** Cuts text at its end. */
  String cut(String text, int width) {
    return text.length() <= width ? text : text.substring(0, Math.max(0, width));
  }

  /** Text in a colour, where colours are shown. */
  String colour(Colour colour, String text) {
    return colours ? "\033[" + colour.code + "m" + text + "\033[0m" : text;
  }

  /** The colours in use: those that are readable on dark and light. */
  enum Colour {
    CYAN(36),
    GREEN(32),
    RED(31),
    DIM(2);

    private final int code;

    Colour(int code) {
      this.code = code;
    }
  }

  /** A number of bytes in at most 8 characters. */
  static String bytes(long bytes) {
    String[] units = {"B", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB"};
    double value = Math.max(0, bytes);
    int unit = 0;
    while (value >= 1023.5 && unit < units.length - 1) {
      value /= 1024;
      unit++;
    }
    boolean whole = unit == 0 || value >= 9.95 || Math.rint(value * 10) % 10 == 0;
    return String.format(Locale.ROOT, whole ? "%.0f %s" : "%.1f %s", value, units[unit]);
  }
}
