// SPDX-License-Identifier: Apache-2.0
package com.oneprocloud.sync.engine;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.oneprocloud.sync.api.ChainBrokenException;
import com.oneprocloud.sync.api.ConflictException;
import com.oneprocloud.sync.api.DiskPlan;
import com.oneprocloud.sync.api.DiskReport;
import com.oneprocloud.sync.api.SyncException;
import com.oneprocloud.sync.api.SyncListener;
import com.oneprocloud.sync.api.SyncListener.Phase;
import com.oneprocloud.sync.api.SyncPlan;
import com.oneprocloud.sync.api.TargetException;
import com.oneprocloud.sync.api.storage.Snapshotter;
import com.oneprocloud.sync.api.tck.LeakCheck;
import com.oneprocloud.sync.engine.fixture.MemoryFolder;
import com.oneprocloud.sync.engine.fixture.World;
import com.oneprocloud.sync.engine.memory.MemoryCluster;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;

/** Two proxies with one chain store and one target, at the same time. */
class TwoEnginesTest {
  private static final int ROUNDS = Integer.getInteger("sync.rounds", 100);

  @TempDir(factory = MemoryFolder.class)
  Path folder;

  private long left;

  @RegisterExtension final LeakCheck leaks = new LeakCheck().counting("handles left", () -> left);

  /** What one proxy has of its own. */
  private static final class Proxy implements AutoCloseable {
    final MemoryCluster connection;
    final Snapshotter snapshotter;
    final SyncEngine engine;

    Proxy(World world) {
      connection = world.cluster.connect();
      snapshotter = connection.snapshotter();
      engine =
          SyncEngine.builder()
              .storage(connection)
              .snapshotter(snapshotter)
              .chains(world.chains())
              .settings(EngineSettings.defaults().withBytesInFlight(1 << 20).withWorkers(2))
              .build();
    }

    @Override
    public void close() {
      engine.close();
      snapshotter.close();
      connection.close();
    }
  }

  @Test
  void exactlyOneCommitsEachTime() throws Exception {
    Map<String, Integer> refusals = new TreeMap<>();
    try (World world = new World(folder, 8L * World.OBJECT);
        Proxy first = new Proxy(world);
        Proxy second = new Proxy(world)) {
      CyclicBarrier planned = new CyclicBarrier(2);
      @Nullable Phase[] phases = {null, Phase.SNAPSHOT, Phase.TRANSFER, Phase.VERIFY, Phase.COMMIT};
      for (int round = 0; round < ROUNDS; round++) {
        world.write(round * 511L % (7 * World.OBJECT), World.OBJECT, round);
        // both at once, or the second when the first has come so far, or to its end
        int when = round % (phases.length + 1);
        CountDownLatch reached = new CountDownLatch(when == 0 ? 0 : 1);
        SyncListener telling =
            new SyncListener() {
              @Override
              public void phaseStarted(DiskPlan disk, Phase phase) {
                if (when < phases.length && phase == phases[when]) {
                  reached.countDown();
                }
              }

              @Override
              public void runEnded(SyncPlan plan) {
                reached.countDown();
              }
            };
        List<FutureTask<DiskReport>> runs = new ArrayList<>();
        for (Proxy proxy : List.of(first, second)) {
          FutureTask<DiskReport> run =
              new FutureTask<>(
                  () -> {
                    SyncPlan plan = proxy.engine.plan(World.IMAGE, world.target());
                    planned.await();
                    if (proxy == first) {
                      return proxy.engine.run(plan, telling).disks().get(0);
                    }
                    reached.await();
                    return proxy.engine.run(plan).disks().get(0);
                  });
          runs.add(run);
          new Thread(run, "proxy").start();
        }
        List<DiskReport> committed = new ArrayList<>();
        for (FutureTask<DiskReport> run : runs) {
          try {
            committed.add(run.get());
          } catch (ExecutionException e) {
            assertTrue(
                e.getCause() instanceof ConflictException
                    || e.getCause() instanceof ChainBrokenException
                    || e.getCause() instanceof TargetException,
                () -> "not typed: " + e.getCause());
            refusals.merge(((SyncException) e.getCause()).operation(), 1, Integer::sum);
          }
        }
        assertEquals(1, committed.size(), "commits in round " + round);
        assertEquals(round, committed.get(0).committed().manifest().sequence());
        world.checkCommitted(committed.get(0));
        assertTrue(world.own().size() <= 2, () -> "snapshots: " + world.own());
      }
      left = world.left();
    }
    System.out.printf(
        Locale.ROOT,
        "%d rounds, one commit each; the other was refused at: %s%n",
        ROUNDS,
        refusals);
  }
}
