// SPDX-License-Identifier: Apache-2.0
package com.oneprocloud.sync.engine;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.oneprocloud.sync.api.DeadlineException;
import com.oneprocloud.sync.api.SyncException;
import com.oneprocloud.sync.api.tck.LeakCheck;
import com.oneprocloud.sync.api.tck.RandomWorkload;
import com.oneprocloud.sync.engine.fixture.MemoryFixture;
import com.oneprocloud.sync.engine.fixture.RandomSync;
import com.oneprocloud.sync.engine.fixture.RandomSync.Trouble;
import com.oneprocloud.sync.engine.memory.Call;
import com.oneprocloud.sync.engine.memory.Effect;
import com.oneprocloud.sync.engine.memory.Faults;
import com.oneprocloud.sync.engine.memory.KnownBug;
import java.nio.file.Path;
import java.util.SplittableRandom;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;

/** Whatever happens to an image, its replica is the snapshot, byte by byte, after every run. */
class RandomSyncTest {
  private static final long LARGEST = 16 << 20;

  @RegisterExtension final LeakCheck leaks = new LeakCheck();

  @TempDir Path folder;

  @Test
  void theReplicaFollowsARandomWorkload() {
    try (MemoryFixture fixture = new MemoryFixture()) {
      run(new RandomSync(fixture, folder, Trouble.none()));
    }
  }

  @Test
  void theReplicaFollowsWithoutDigestsOfTheStorage() {
    try (MemoryFixture fixture = new MemoryFixture()) {
      RandomSync sync = new RandomSync(fixture, folder, Trouble.none()).withoutDigests();
      run(sync);
      assertEquals(0, sync.bytesDigested());
    }
  }

  @Test
  void theReplicaFollowsWithObjectMaps() {
    try (MemoryFixture fixture = new MemoryFixture()) {
      run(new RandomSync(fixture, folder, Trouble.none()).withFastDiff());
    }
  }

  @Test
  void theReplicaFollowsByComparisonAlone() {
    try (MemoryFixture fixture = new MemoryFixture()) {
      RandomSync sync = new RandomSync(fixture, folder, Trouble.none()).withLostBases();
      run(sync);
      assertTrue(sync.bytesDigested() > 0, sync::toString);
    }
  }

  @Test
  void theReplicaFollowsThroughFailures() {
    try (MemoryFixture fixture = new MemoryFixture()) {
      Trouble trouble =
          new Trouble() {
            @Override
            public void begin(SplittableRandom random) {
              fixture.faults(trouble(random));
            }

            @Override
            public void end() {
              fixture.faults(Faults.none());
            }
          };
      run(new RandomSync(fixture, folder, trouble));
    }
  }

  @Test
  void aMissedChangeWouldBeNoticed() {
    try (MemoryFixture fixture = new MemoryFixture(KnownBug.OVERLAP_LOST)) {
      assertThrows(
          AssertionError.class, () -> run(new RandomSync(fixture, folder, Trouble.none())));
    }
  }

  private static void run(RandomSync sync) {
    long seed = RandomWorkload.seed();
    for (int run = 0; run < RandomWorkload.runs(1); run++) {
      sync.run(seed + run, RandomWorkload.steps(30), LARGEST);
    }
    System.out.println(sync);
  }

  /** Reads out of order, and one time of two a failure, early or late. */
  private static Faults trouble(SplittableRandom random) {
    SplittableRandom mine = random.split();
    Faults slow =
        call ->
            call.kind() == Call.Kind.READ && call.number() % 4 == 0
                ? Effect.startAfter(
                    new CompletableFuture<Void>()
                        .completeOnTimeout(null, call.number() % 7, TimeUnit.MILLISECONDS))
                : Effect.none();
    if (mine.nextBoolean()) {
      return slow;
    }
    AtomicInteger left = new AtomicInteger(mine.nextInt(60));
    int how = mine.nextInt(4);
    Faults one =
        call -> {
          if (left.getAndDecrement() != 0) {
            return Effect.none();
          }
          return switch (how) {
            case 0 -> Effect.fail(call);
            case 1 -> Effect.failAfterwards(() -> noAnswer(call));
            case 2 -> call.kind() == Call.Kind.READ ? Effect.shortRead(1) : Effect.fail(call);
            default -> Effect.fail(() -> noAnswer(call));
          };
        };
    return one.or(slow);
  }

  private static DeadlineException noAnswer(Call call) {
    return new DeadlineException(
        SyncException.failed("do something", call.subject())
            .code("ETIMEDOUT")
            .because("the answer was lost"));
  }
}
