// SPDX-License-Identifier: Apache-2.0
package com.oneprocloud.sync.ceph.internal;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.time.Duration;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

final class LifetimeTest {
  private static final Duration LONG = Duration.ofSeconds(20);

  private final List<String> released = new CopyOnWriteArrayList<>();

  @Test
  void isReleasedOnceWhenClosed() {
    Lifetime lifetime = lifetime("image", null);
    lifetime.enter();
    lifetime.leave();
    assertEquals(List.of(), released);
    lifetime.close(LONG);
    lifetime.close(LONG);
    assertEquals(List.of("image"), released);
    assertThrows(IllegalStateException.class, lifetime::enter);
  }

  @Test
  void waitsForItsUsers() throws Exception {
    Lifetime lifetime = lifetime("image", null);
    lifetime.enter();
    CountDownLatch closed = new CountDownLatch(1);
    Thread closer =
        new Thread(
            () -> {
              lifetime.close(LONG);
              closed.countDown();
            });
    closer.start();
    while (!isClosed(lifetime)) {
      Thread.onSpinWait();
    }
    assertEquals(List.of(), released);
    assertEquals(1, closed.getCount());
    lifetime.leave();
    assertTrue(closed.await(20, TimeUnit.SECONDS));
    assertEquals(List.of("image"), released);
    closer.join();
  }

  @Test
  void isReleasedByItsLastUserWhenNobodyWaitsAnyMore() {
    Lifetime lifetime = lifetime("image", null);
    lifetime.enter();
    lifetime.enter();
    lifetime.close(Duration.ofMillis(1));
    assertEquals(List.of(), released);
    lifetime.leave();
    assertEquals(List.of(), released);
    lifetime.leave();
    assertEquals(List.of("image"), released);
  }

  @Test
  void childrenGoBeforeTheirParents() {
    Lifetime cluster = lifetime("cluster", null);
    Lifetime image = lifetime("image", cluster);
    lifetime("reader", image);
    cluster.close(LONG);
    assertEquals(List.of("reader", "image", "cluster"), released);
    image.close(LONG);
    assertThrows(IllegalStateException.class, image::enter);
  }

  @Test
  void aChildInUseKeepsItsParents() {
    Lifetime cluster = lifetime("cluster", null);
    Lifetime image = lifetime("image", cluster);
    Lifetime other = lifetime("other", cluster);
    image.enter();
    cluster.close(Duration.ofMillis(1));
    assertEquals(List.of("other"), released);
    assertThrows(IllegalStateException.class, other::enter);
    assertThrows(IllegalStateException.class, image::enter);
    image.leave();
    assertEquals(List.of("other", "image", "cluster"), released);
  }

  @Test
  void nothingIsOpenedFromWhatIsClosed() {
    Lifetime cluster = lifetime("cluster", null);
    cluster.close(LONG);
    assertThrows(IllegalStateException.class, () -> lifetime("late", cluster));
    assertEquals(List.of("cluster"), released);
  }

  @Test
  void aClosedChildIsForgotten() {
    Lifetime cluster = lifetime("cluster", null);
    lifetime("image", cluster).close(LONG);
    assertEquals(List.of("image"), released);
    cluster.close(LONG);
    assertEquals(List.of("image", "cluster"), released);
  }

  @Test
  void aReleaseThatFailsFreesTheParentAllTheSame() {
    Lifetime cluster = lifetime("cluster", null);
    Lifetime image =
        new Lifetime(
            "image",
            cluster,
            Runnable::run,
            () -> {
              throw new IllegalStateException("close failed");
            });
    image.close(LONG);
    cluster.close(LONG);
    assertEquals(List.of("cluster"), released);
  }

  private Lifetime lifetime(String name, @Nullable Lifetime parent) {
    return new Lifetime(name, parent, Runnable::run, () -> released.add(name));
  }

  private static boolean isClosed(Lifetime lifetime) {
    try {
      lifetime.enter();
      lifetime.leave();
      return false;
    } catch (IllegalStateException e) {
      return true;
    }
  }
}
