// SPDX-License-Identifier: Apache-2.0
package com.oneprocloud.sync.engine;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.oneprocloud.sync.api.ChainBrokenException;
import com.oneprocloud.sync.api.ConflictException;
import com.oneprocloud.sync.api.StorageException;
import com.oneprocloud.sync.api.SyncException;
import com.oneprocloud.sync.api.SyncReport;
import com.oneprocloud.sync.api.chain.VerdictReason;
import com.oneprocloud.sync.api.storage.ImageSpec;
import com.oneprocloud.sync.engine.memory.Call;
import com.oneprocloud.sync.engine.memory.Effect;
import com.oneprocloud.sync.engine.memory.Faults;
import com.oneprocloud.sync.engine.memory.MemoryCluster;
import com.oneprocloud.sync.engine.memory.MemoryDisk;
import com.oneprocloud.sync.engine.target.DirectoryTarget;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.function.Supplier;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class RetryPolicyTest {
  private static final ImageSpec IMAGE = ImageSpec.of("volumes", "disk-1");
  private static final int MIB = 1 << 20;

  private final List<Duration> slept = new ArrayList<>();

  @TempDir Path folder;

  @Test
  void byDefaultThreeAttemptsSixtySecondsApart() {
    List<SyncException> thrown = new ArrayList<>();
    SyncException last =
        assertThrows(
            StorageException.class, () -> RetryPolicy.defaults().call(failing(thrown), slept::add));
    assertEquals(3, thrown.size());
    assertEquals(List.of(Duration.ofSeconds(60), Duration.ofSeconds(60)), slept);
    assertSame(thrown.get(2), last);
    assertSame(thrown.get(1), last.getSuppressed()[0]);
    assertSame(thrown.get(0), last.getSuppressed()[0].getSuppressed()[0]);
  }

  private static Supplier<String> failing(List<SyncException> thrown) {
    return () -> {
      thrown.add(new StorageException(SyncException.failed("read", "attempt " + thrown.size())));
      throw thrown.get(thrown.size() - 1);
    };
  }

  @Test
  void whatCannotPassIsThrownAtOnce() {
    for (RuntimeException failure :
        List.of(
            new ChainBrokenException(SyncException.failed("commit", "chain")),
            new SyncException(SyncException.failed("run", "image")),
            new IllegalStateException("a bug"))) {
      RuntimeException thrown =
          assertThrows(
              RuntimeException.class,
              () ->
                  RetryPolicy.defaults()
                      .call(
                          () -> {
                            throw failure;
                          },
                          slept::add));
      assertSame(failure, thrown);
    }
    assertEquals(List.of(), slept);
  }

  @Test
  void anInterruptEndsThePauseAndStays() {
    ConflictException failure = new ConflictException(SyncException.failed("acquire", "chain"));
    ConflictException thrown =
        assertThrows(
            ConflictException.class,
            () ->
                new RetryPolicy(9, Duration.ofDays(1))
                    .call(
                        () -> {
                          throw failure;
                        },
                        time -> {
                          slept.add(time);
                          throw new InterruptedException();
                        }));
    assertSame(failure, thrown);
    assertEquals(1, slept.size());
    assertTrue(Thread.interrupted());
  }

  @Test
  void eachAttemptTakesTheRunUpWhereTheOneBeforeStopped() {
    try (MemoryCluster cluster = MemoryCluster.withPools("volumes")) {
      MemoryDisk disk = cluster.newDisk(IMAGE).size(48 * MIB).objectSize(MIB).create();
      byte[] bytes = new byte[48 * MIB];
      new Random(1).nextBytes(bytes);
      disk.write(0, bytes);
      DirectoryTarget target = DirectoryTarget.at(folder.resolve("replicas"));
      // one bad read in each of the first two attempts
      cluster.faults(
          Faults.nth(Call.Kind.READ, 20, Effect::fail)
              .or(Faults.nth(Call.Kind.READ, 50, Effect::fail)));
      EngineSettings settings = EngineSettings.defaults().withRequestsInFlight(2);
      try (SyncEngine engine =
          SyncEngine.builder()
              .storage(cluster)
              .snapshotter(cluster.snapshotter())
              .chains(DirectoryChainStore.at(folder.resolve("chains")))
              .settings(settings)
              .build()) {
        SyncReport report =
            RetryPolicy.defaults().call(() -> engine.run(engine.plan(IMAGE, target)), slept::add);
        assertTrue(slept.size() >= 1 && slept.size() <= 2, slept.toString());
        assertEquals(VerdictReason.RUN_RESUMED, report.disks().get(0).reason());
        assertTrue(report.disks().get(0).resumedAt() > 0);
        assertTrue(report.disks().get(0).bytesRead() < 48 * MIB);
        assertEquals(0, report.disks().get(0).committed().manifest().sequence());
        assertEquals(1, disk.snapshots().size());
      }
    }
  }
}
