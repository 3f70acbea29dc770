// SPDX-License-Identifier: Apache-2.0
package com.oneprocloud.sync.engine.internal.progress;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;

import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class LookTest {
  @Test
  void aTerminalOfAUtf8LocaleShowsEverything() {
    assertEquals(
        new Look(true, true, true, 120),
        Look.of(true, StandardCharsets.UTF_8, Map.of("TERM", "xterm", "COLUMNS", "120")));
  }

  @Test
  void nothingIsRedrawnWithoutATerminalOrOnADumbOne() {
    assertFalse(Look.of(false, StandardCharsets.UTF_8, Map.of("TERM", "xterm")).redraws());
    assertFalse(Look.of(true, StandardCharsets.UTF_8, Map.of("TERM", "dumb")).redraws());
    assertFalse(Look.of(true, StandardCharsets.UTF_8, Map.of()).redraws());
    PrintStream buffer = new PrintStream(new ByteArrayOutputStream(), true, StandardCharsets.UTF_8);
    assertFalse(Look.of(buffer).redraws());
  }

  @Test
  void coloursAndBlocksAreLeftOutWhereTheyAreNotWanted() {
    Map<String, String> environment = Map.of("TERM", "xterm", "NO_COLOR", "1");
    assertEquals(
        new Look(true, false, false, 80), Look.of(true, StandardCharsets.US_ASCII, environment));
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "0", "19", "-5", "wide", "99999999999"})
  void aWidthThatMakesNoSenseIsTheUsualOne(String columns) {
    Map<String, String> environment = Map.of("TERM", "xterm", "COLUMNS", columns);
    assertEquals(80, Look.of(true, StandardCharsets.UTF_8, environment).columns());
  }

  @ParameterizedTest
  @CsvSource({
    "0, 0 B",
    "1023, 1023 B",
    "1536, 1.5 KiB",
    "10485760, 10 MiB",
    "1073741823, 1 GiB",
    "9223372036854775807, 8 EiB"
  })
  void bytesTakeEightCharactersAtMost(long bytes, String text) {
    assertEquals(text, Look.bytes(bytes));
  }

  @Test
  void noNumberOfBytesIsLonger() {
    for (long bytes = 1; bytes < 1L << 62; bytes += 1 + bytes / 100) {
      long value = bytes;
      assertFalse(Look.bytes(bytes).length() > 8, () -> Look.bytes(value));
    }
  }

  @Test
  void longNamesLoseTheirMiddle() {
    Look look = new Look(true, true, true, 80);
    assertEquals("volum…-c21e", look.fit("volumes/volume-6b1f-c21e", 11));
    assertEquals("short", look.fit("short", 11));
    assertEquals("a [2J b", Look.oneLine("a\033[2J\nb"));
  }
}
