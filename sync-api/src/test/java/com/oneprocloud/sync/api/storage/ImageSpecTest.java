// SPDX-License-Identifier: Apache-2.0
package com.oneprocloud.sync.api.storage;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ImageSpecTest {
  @Test
  void readsAndWritesTheNotationOfTheRbdCommand() {
    assertEquals(new ImageSpec("vms", "", "a_disk"), ImageSpec.parse("vms/a_disk"));
    assertEquals(new ImageSpec("vms", "tenant", "a"), ImageSpec.parse("vms/tenant/a"));
    assertEquals("vms/a_disk", ImageSpec.of("vms", "a_disk").toString());
    assertEquals("vms/tenant/a", ImageSpec.of("vms", "tenant", "a").toString());
    assertEquals(ImageSpec.of("vms", "a"), ImageSpec.parse("vms//a"));
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "vms", "/a", "vms/", "vms/tenant/", "/tenant/a", "a/b/c/d"})
  void refusesWhatIsNoSpec(String text) {
    IllegalArgumentException refused =
        assertThrows(IllegalArgumentException.class, () -> ImageSpec.parse(text));
    assertTrue(refused.getMessage().contains("'") || refused.getMessage().contains("/"));
  }

  @Test
  void refusesSeparatorsInParts() {
    assertThrows(IllegalArgumentException.class, () -> ImageSpec.of("a/b", "c"));
    assertThrows(IllegalArgumentException.class, () -> ImageSpec.of("a", "b/c"));
    assertThrows(IllegalArgumentException.class, () -> ImageSpec.of("a", "b/c", "d"));
  }

  @Test
  void sortsByPoolThenNamespaceThenName() {
    List<ImageSpec> sorted =
        List.of(
            ImageSpec.of("a", "z"),
            ImageSpec.of("a", "n", "a"),
            ImageSpec.of("a", "n", "b"),
            ImageSpec.of("a", "o", "a"),
            ImageSpec.of("b", "a"));
    assertEquals(sorted, Stream.of(4, 2, 0, 3, 1).map(sorted::get).sorted().toList());
  }
}
