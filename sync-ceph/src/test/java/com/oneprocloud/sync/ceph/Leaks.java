// SPDX-License-Identifier: Apache-2.0
package com.oneprocloud.sync.ceph;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.fail;

import com.oneprocloud.sync.ceph.internal.library.NativeBalance;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.extension.AfterEachCallback;
import org.junit.jupiter.api.extension.ExtensionContext;

/**
 * Opens connections for tests and closes them after each; the test fails if a native handle, native
 * memory or a thread is left then.
 */
final class Leaks implements AfterEachCallback {
  private static final Duration PATIENCE = Duration.ofSeconds(10);

  private final List<CephCluster> clusters = new ArrayList<>();
  private final List<CephSnapshotter> snapshotters = new ArrayList<>();

  /** A connection that is closed after the test, if the test does not do so. */
  CephCluster connect(CephConfig config, Capability... hidden) {
    CephCluster cluster = CephCluster.connect(config, Set.of(hidden));
    clusters.add(cluster);
    return cluster;
  }

  /** A snapshotter that is closed after the test, if the test does not do so. */
  CephSnapshotter snapshotter(CephConfig config, Capability... hidden) {
    CephSnapshotter snapshotter = CephSnapshotter.connect(config, Set.of(hidden));
    snapshotters.add(snapshotter);
    return snapshotter;
  }

  @Override
  public void afterEach(ExtensionContext context) {
    clusters.forEach(CephCluster::close);
    snapshotters.forEach(CephSnapshotter::close);
    for (CephCluster cluster : clusters) {
      assertEmpty(cluster.connection().balance());
      assertEquals(0, cluster.lostCalls(), "lost calls");
    }
    for (CephSnapshotter snapshotter : snapshotters) {
      assertEquals(0, snapshotter.openHandles(), "open handles of a snapshotter");
      assertEquals(0, snapshotter.lostCalls(), "lost calls");
    }
    clusters.clear();
    snapshotters.clear();
    assertNoThreads();
  }

  private static void assertEmpty(NativeBalance balance) {
    assertEquals(0, balance.total(), balance::toString);
  }

  /** Threads end a moment after what they worked for. */
  static void assertNoThreads() {
    assertNoThreads(PATIENCE);
  }

  /** The same, for a library that takes its time. */
  static void assertNoThreads(Duration patience) {
    long end = System.nanoTime() + patience.toNanos();
    List<String> left = threads();
    while (!left.isEmpty()) {
      if (System.nanoTime() > end) {
        fail("threads left: " + left);
      }
      LockSupport.parkNanos(1_000_000);
      left = threads();
    }
  }

  private static List<String> threads() {
    return Thread.getAllStackTraces().keySet().stream()
        .map(Thread::getName)
        .filter(name -> name.startsWith("ceph-"))
        .sorted()
        .toList();
  }
}
