// SPDX-License-Identifier: Apache-2.0
package com.oneprocloud.sync.openstack.internal.json;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.core.io.JsonEOFException;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Random;
import org.junit.jupiter.api.Test;

class FieldsTest {
  private static Fields of(String json) throws IOException {
    return JsonText.read(json.replace('\'', '"'));
  }

  @Test
  void numbersAndTextsAreAlike() throws IOException {
    Fields fields =
        of("{'a':7,'b':'8','c':9.9,'d':'10.5','e':'','f':null,'g':'x','h':1e3,'i':true}");
    assertEquals(OptionalLong.of(7), fields.number("a"));
    assertEquals(OptionalLong.of(8), fields.number("b"));
    assertEquals(OptionalLong.of(9), fields.number("c"));
    assertEquals(OptionalLong.of(10), fields.number("d"));
    assertEquals(OptionalLong.of(1000), fields.number("h"));
    for (String none : List.of("e", "f", "g", "i", "missing")) {
      assertEquals(OptionalLong.empty(), fields.number(none), none);
    }
    assertEquals(Optional.of("7"), fields.text("a"));
    assertEquals(Optional.empty(), fields.text("e"));
    assertEquals(Optional.empty(), fields.text("f"));
  }

  @Test
  void sizesThatNobodyHasDoNotTurnNegative() throws IOException {
    Fields fields = of("{'a':3,'b':9007199254740993,'c':'1e40','d':-1,'e':null}");
    assertEquals(3L << 30, fields.bytes("a", 1L << 30));
    assertEquals(Long.MAX_VALUE, fields.bytes("b", 1L << 30));
    for (String none : List.of("d", "e", "missing")) {
      assertEquals(0, fields.bytes(none, 1L << 30), none);
    }
    assertTrue(fields.bytes("c", 1L << 30) >= 0);
  }

  @Test
  void truthIsWrittenInManyWays() throws IOException {
    Fields fields =
        of("{'a':true,'b':'True','c':'true','d':1,'e':'yes','f':'False','g':'','h':null,'i':0}");
    for (String yes : List.of("a", "b", "c", "d", "e")) {
      assertTrue(fields.isTrue(yes), yes);
    }
    for (String no : List.of("f", "g", "h", "i", "missing")) {
      assertFalse(fields.isTrue(no), no);
    }
    assertEquals(Optional.empty(), fields.truth("g"));
  }

  @Test
  void momentsOfEveryRelease() {
    Instant moment = Instant.parse("2015-11-29T02:25:51Z");
    for (String text :
        List.of(
            "2015-11-29T02:25:51Z",
            "2015-11-29T02:25:51.000000",
            "2015-11-29T02:25:51",
            "2015-11-29 02:25:51",
            "2015-11-29T02:25:51.000000Z",
            "2015-11-29T03:25:51+01:00",
            "2015-11-29T03:25:51+0100",
            "2015-11-29 03:25:51.000+01",
            "2015-11-29T02:25:51.000000000Z",
            "2015-11-28T21:25:51-05:00",
            " 2015-11-29T02: 25: 51.000000 ")) {
      assertEquals(Optional.of(moment), Fields.parseInstant(text), text);
    }
    for (String none : List.of("yesterday", "0000-00-00 00:00:00", "2015-11-29T02", "None", "-")) {
      assertEquals(Optional.empty(), Fields.parseInstant(none), none);
    }
  }

  /** The shape that is read by hand reads as a formatter reads it, also where a digit is wrong. */
  @Test
  void momentsReadByHandAreThoseOfAFormatter() {
    long seed = System.nanoTime();
    System.out.println("seed " + seed);
    Random random = new Random(seed);
    int moments = 0;
    for (int i = 0; i < 20_000; i++) {
      StringBuilder text =
          new StringBuilder(
              String.format(
                  Locale.ROOT,
                  "%04d-%02d-%02dT%02d:%02d:%02d",
                  random.nextInt(10_000),
                  random.nextInt(14),
                  random.nextInt(33),
                  random.nextInt(25),
                  random.nextInt(61),
                  random.nextInt(61)));
      if (random.nextBoolean()) {
        text.append(String.format(Locale.ROOT, ".%06d", random.nextInt(1_000_000)));
      }
      if (random.nextInt(10) == 0) {
        text.setCharAt(random.nextInt(text.length()), "x-+:. T9\u0663".charAt(random.nextInt(9)));
      }
      for (String zone : List.of("", "Z")) {
        Optional<Instant> moment = Fields.parseInstant(text + zone);
        assertEquals(Fields.anyInstant(text + zone), moment, text + zone);
        moments += moment.isPresent() ? 1 : 0;
      }
    }
    assertTrue(moments > 5_000, "moments: " + moments);
  }

  @Test
  void listsAndMapsThatAreNullAreEmpty() throws IOException {
    Fields fields = of("{'a':null,'b':[1,'x',null],'c':{'k':1,'n':null,'o':{'p':true}},'d':'one'}");
    assertEquals(List.of(), fields.objects("a"));
    assertEquals(Map.of(), fields.map("a"));
    assertEquals(List.of("1", "x"), fields.texts("b"));
    assertEquals(Map.of("k", "1", "n", "", "o", "{\"p\":true}"), fields.map("c"));
    assertEquals(List.of("one"), fields.texts("d"));
    assertTrue(fields.object("missing").isEmpty());
  }

  @Test
  void arraysAreReadElementByElementWhereverTheyAre() throws IOException {
    List<String> ids = new ArrayList<>();
    Fields rest =
        JsonText.readArray(
            new ByteArrayInputStream(
                "{\"x\":{\"list\":[9]},\"list\":[{\"id\":1},{\"id\":\"b\"}],\"next\":\"n\"}"
                    .getBytes(UTF_8)),
            "list",
            it -> ids.add(it.text("id").orElseThrow()));
    assertEquals(List.of("1", "b"), ids);
    assertEquals(Optional.of("n"), rest.text("next"));
  }

  @Test
  void documentsThatAreCutAreNotTakenForShortOnes() {
    String whole = "{\"list\":[{\"id\":1},{\"id\":2}],\"a\":\"b\"}";
    for (int length = 0; length < whole.length(); length++) {
      byte[] cut = whole.substring(0, length).getBytes(UTF_8);
      assertThrows(
          JsonEOFException.class,
          () -> JsonText.readArray(new ByteArrayInputStream(cut), "list", it -> {}),
          new String(cut, UTF_8));
    }
  }
}
