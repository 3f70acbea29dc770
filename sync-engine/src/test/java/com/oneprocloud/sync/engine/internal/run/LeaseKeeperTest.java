// SPDX-License-Identifier: Apache-2.0
package com.oneprocloud.sync.engine.internal.run;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.oneprocloud.sync.api.ChainBrokenException;
import com.oneprocloud.sync.api.StorageException;
import com.oneprocloud.sync.api.SyncException;
import com.oneprocloud.sync.api.chain.ChainId;
import com.oneprocloud.sync.api.chain.ChainStore;
import com.oneprocloud.sync.api.chain.Lease;
import com.oneprocloud.sync.api.target.ReplicaName;
import com.oneprocloud.sync.api.target.ReplicaState;
import com.oneprocloud.sync.api.tck.LeakCheck;
import com.oneprocloud.sync.engine.DirectoryChainStore;
import com.oneprocloud.sync.engine.fixture.MemoryFolder;
import com.oneprocloud.sync.engine.fixture.SteppedStore;
import com.oneprocloud.sync.engine.fixture.Steps;
import com.oneprocloud.sync.engine.fixture.TestClock;
import com.oneprocloud.sync.engine.target.DirectoryTarget;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.function.Executable;
import org.junit.jupiter.api.io.TempDir;

/**
 * A lease whose holder stood still, or whose store did not answer. Time passes when the test says
 * so; renewals by period are the test's too.
 */
class LeaseKeeperTest {
  private static final Duration TIME = Duration.ofMinutes(1);
  private static final ReplicaName NAME = new ReplicaName("volumes", "disk-1");

  @RegisterExtension final LeakCheck leaks = new LeakCheck();

  @TempDir(factory = MemoryFolder.class)
  Path folder;

  private final TestClock clock = new TestClock();

  /** Its first renewal would come after 20 s; a test is over by then, and it would do no harm. */
  private final ScheduledExecutorService scheduler = Executors.newScheduledThreadPool(1);

  private final Answers answers = new Answers();
  private long nanos = Long.MAX_VALUE - 5;
  private DirectoryTarget target;
  private ChainStore store;
  private ChainId chain;
  private LeaseKeeper keeper;

  /** A store that can stop answering. */
  private static final class Answers implements Steps {
    volatile @Nullable RuntimeException none;

    @Override
    public <T> T durable(String name, Supplier<T> step) {
      return step.get();
    }

    @Override
    public <T> T look(String name, Supplier<T> step) {
      RuntimeException e = none;
      if (name.equals("renew lease") && e != null) {
        throw e;
      }
      return step.get();
    }
  }

  @BeforeEach
  void take() {
    target = DirectoryTarget.at(folder.resolve("replicas"));
    chain = new ChainId(NAME, target.id());
    store = new SteppedStore(DirectoryChainStore.at(folder.resolve("chains"), clock), answers);
    keeper = LeaseKeeper.take(store, chain, "proxy-1", TIME, () -> nanos, scheduler);
  }

  @AfterEach
  void close() throws InterruptedException {
    keeper.close();
    scheduler.shutdownNow();
    assertTrue(scheduler.awaitTermination(10, TimeUnit.SECONDS));
  }

  private void pass(Duration time) {
    clock.advance(time);
    nanos += time.toNanos();
  }

  @Test
  void holdsWithoutAskingWhileItsTimeLasts() {
    answers.none = silence();
    pass(TIME.minusSeconds(1));
    keeper.check();
  }

  @Test
  void aStoreThatIsSilentForLessThanTheLeasesTimeDoesNoHarm() {
    answers.none = silence();
    pass(TIME.dividedBy(3));
    keeper.renewInTime();
    keeper.check();
    pass(TIME.dividedBy(3));
    keeper.renewInTime();
    keeper.check();
    answers.none = null;
    keeper.renewInTime();
    // from here on the full time counts again
    pass(TIME.minusSeconds(1));
    answers.none = silence();
    keeper.check();
  }

  @Test
  void aStoreThatIsSilentForLongerEndsTheRun() {
    StorageException silence = silence();
    answers.none = silence;
    pass(TIME);
    assertSame(silence, assertThrows(StorageException.class, keeper::check));
    answers.none = null;
    assertSame(silence, assertThrows(StorageException.class, keeper::check), "for good");
  }

  @Test
  void aProcessThatStoodStillGoesOnIfNobodyTookTheLease() {
    pass(TIME.multipliedBy(10));
    keeper.check();
    answers.none = silence();
    pass(TIME.minusSeconds(1));
    keeper.check();
  }

  @Test
  void aProcessThatStoodStillWritesNothingOnceTheLeaseIsAnothers() {
    try (FencedReplica replica = new FencedReplica(target.open(NAME), keeper)) {
      replica.resize(4096);
      replica.write(0, ByteBuffer.wrap(new byte[] {1}));
      pass(TIME.multipliedBy(2));
      try (Lease other = store.acquire(chain, "proxy-2", TIME)) {
        assertTrue(other.token() > 0);
        List<Executable> changes =
            List.of(
                () -> replica.write(0, ByteBuffer.wrap(new byte[] {2})),
                () -> replica.zero(0, 1),
                () -> replica.resize(1),
                () -> replica.clear(1),
                () -> replica.mark(new ReplicaState.Empty()));
        for (Executable change : changes) {
          ChainBrokenException lost = assertThrows(ChainBrokenException.class, change);
          assertTrue(lost.getMessage().contains("proxy-2"), lost::getMessage);
        }
        ByteBuffer held = ByteBuffer.allocate(1);
        replica.read(0, held);
        assertEquals(1, held.get(0));
        assertEquals(4096, replica.size());
      }
    }
  }

  private static StorageException silence() {
    return new StorageException(SyncException.failed("renew lease", "chain").code("ETIMEDOUT"));
  }
}
