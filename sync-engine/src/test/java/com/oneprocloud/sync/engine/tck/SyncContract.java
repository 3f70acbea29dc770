// SPDX-License-Identifier: Apache-2.0
package com.oneprocloud.sync.engine.tck;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.oneprocloud.sync.api.DiskPlan;
import com.oneprocloud.sync.api.DiskProgress;
import com.oneprocloud.sync.api.DiskReport;
import com.oneprocloud.sync.api.InvalidPlanException;
import com.oneprocloud.sync.api.NotFoundException;
import com.oneprocloud.sync.api.SyncException;
import com.oneprocloud.sync.api.SyncListener;
import com.oneprocloud.sync.api.SyncPlan;
import com.oneprocloud.sync.api.chain.ChainId;
import com.oneprocloud.sync.api.chain.ChainStore;
import com.oneprocloud.sync.api.chain.CommittedManifest;
import com.oneprocloud.sync.api.chain.Manifest;
import com.oneprocloud.sync.api.chain.SyncMode;
import com.oneprocloud.sync.api.chain.Verdict;
import com.oneprocloud.sync.api.chain.VerdictReason;
import com.oneprocloud.sync.api.chain.Verification;
import com.oneprocloud.sync.api.storage.Image;
import com.oneprocloud.sync.api.storage.ImageSpec;
import com.oneprocloud.sync.api.storage.Snapshot;
import com.oneprocloud.sync.api.storage.Snapshotter;
import com.oneprocloud.sync.api.storage.StorageCluster;
import com.oneprocloud.sync.api.target.ReplicaState;
import com.oneprocloud.sync.api.tck.LeakCheck;
import com.oneprocloud.sync.api.tck.RandomWorkload;
import com.oneprocloud.sync.api.tck.StorageFixture;
import com.oneprocloud.sync.api.tck.StorageFixture.ImageOptions;
import com.oneprocloud.sync.api.tck.StorageFixture.WritableImage;
import com.oneprocloud.sync.engine.DirectoryChainStore;
import com.oneprocloud.sync.engine.EngineSettings;
import com.oneprocloud.sync.engine.SyncEngine;
import com.oneprocloud.sync.engine.target.DirectoryTarget;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.TreeSet;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;

/**
 * What whole runs promise, on any storage: after each, the replica equals its snapshot, byte by
 * byte, read by another way than the engine's.
 */
public abstract class SyncContract {
  private static final int MIB = 1 << 20;
  private static final int PIECE = 4 * MIB;
  private static final EngineSettings SETTINGS =
      EngineSettings.defaults().withBytesInFlight(8 * MIB).withLeaseTime(Duration.ofSeconds(20));

  @TempDir Path folder;

  private long handlesLeft;
  private long bytesLeft;

  @RegisterExtension
  final LeakCheck leaks =
      new LeakCheck()
          .counting("open handles", () -> handlesLeft)
          .counting("bytes of buffers that are out", () -> bytesLeft);

  private @Nullable StorageFixture opened;
  private @Nullable Session session;

  /** For subclasses. */
  protected SyncContract() {}

  /** Opens a fixture; called before every test. */
  protected abstract StorageFixture openFixture();

  @BeforeEach
  final void open() {
    opened = openFixture();
    session = new Session(fixture());
  }

  @AfterEach
  final void close() {
    try {
      endSession();
    } finally {
      StorageFixture fixture = opened;
      if (fixture != null) {
        handlesLeft = fixture.openHandles();
        fixture.close();
      }
    }
  }

  /** An engine with connections of its own. */
  private static final class Session implements AutoCloseable {
    final StorageCluster cluster;
    final Snapshotter snapshotter;
    private @Nullable SyncEngine engine;

    Session(StorageFixture fixture) {
      cluster = fixture.connect();
      snapshotter = fixture.snapshotter();
    }

    SyncEngine engine(ChainStore chains, EngineSettings settings) {
      SyncEngine started = engine;
      if (started == null) {
        started =
            SyncEngine.builder()
                .storage(cluster)
                .snapshotter(snapshotter)
                .chains(chains)
                .settings(settings)
                .build();
        engine = started;
      }
      return started;
    }

    long bytesOut() {
      SyncEngine started = engine;
      return started == null ? 0 : started.bytesInFlight();
    }

    @Override
    public void close() {
      if (engine != null) {
        engine.close();
      }
      snapshotter.close();
      cluster.close();
    }
  }

  private StorageFixture fixture() {
    StorageFixture fixture = opened;
    if (fixture == null) {
      throw new IllegalStateException("no test is running");
    }
    return fixture;
  }

  private Session session() {
    Session running = session;
    if (running == null) {
      running = new Session(fixture());
      session = running;
    }
    return running;
  }

  private SyncEngine engine() {
    return session().engine(chains(), SETTINGS);
  }

  /** Ends engine and connections, as the end of a process would; the next use makes new ones. */
  private void endSession() {
    Session running = session;
    session = null;
    if (running != null) {
      bytesLeft += running.bytesOut();
      running.close();
    }
  }

  private ChainStore chains() {
    return DirectoryChainStore.at(folder.resolve("chains"));
  }

  private DirectoryTarget target() {
    return DirectoryTarget.at(folder.resolve("replicas"));
  }

  private SyncPlan plan(ImageSpec image) {
    return engine().plan(image, target());
  }

  private DiskReport sync(ImageSpec image) {
    return engine().run(plan(image)).disks().get(0);
  }

  /** 30 increments and more, over images of several shapes. */
  @Test
  void theReplicaEqualsItsSnapshotAfterEveryRunOverARandomWorkload() {
    long seed = RandomWorkload.seed();
    int runs = RandomWorkload.runs(3);
    int increments = RandomWorkload.steps(32);
    for (int i = 0; i < runs; i++) {
      randomWorkload(seed + i, increments);
    }
    System.out.printf(
        Locale.ROOT,
        "random workload: %d images of %d increments from seed %d on, every replica equal%n",
        runs,
        increments,
        seed);
  }

  private void randomWorkload(long seed, int increments) {
    try (RandomWorkload work = RandomWorkload.on(fixture(), seed)) {
      try {
        for (int n = work.random().nextInt(4, 20); n > 0; n--) {
          work.step();
        }
        List<String> own = new ArrayList<>();
        syncAndCheck(work, own, 0);
        for (int i = 1; i <= increments; i++) {
          for (int n = work.random().nextInt(0, 8); n > 0; n--) {
            work.step();
          }
          if (work.random().nextInt(4) == 0) {
            endSession();
          }
          syncAndCheck(work, own, i);
        }
      } catch (RuntimeException | AssertionError e) {
        throw work.failed(e);
      }
    }
  }

  private void syncAndCheck(RandomWorkload work, List<String> own, int sequence) {
    Set<String> foreign = names(work.image());
    foreign.removeAll(own);
    DiskReport report = sync(work.image());
    Manifest manifest = report.committed().manifest();
    work.snapshotTaken(manifest.snapshot().name());
    own.add(manifest.snapshot().name());

    Set<String> after = names(work.image());
    for (String name : List.copyOf(own)) {
      if (!after.contains(name)) {
        work.snapshotRemoved(name);
        own.remove(name);
      }
    }
    assertTrue(own.contains(manifest.snapshot().name()), "the new base is there");
    assertTrue(own.size() <= 2, () -> "a base and a spare base at most: " + own);
    after.removeAll(own);
    assertEquals(foreign, after, "snapshots of others");
    assertEquals(sequence, manifest.sequence());
    assertEquals(sequence == 0 ? Verdict.FULL : Verdict.CONTINUE, report.verdict());
    assertEquals(work.head().size(), manifest.size());
    assertReplicaEquals(report, work.writable());
    assertModelEquals(work, manifest.snapshot().name());
    assertEquals(
        new ReplicaState.Committed(report.committed().hash()),
        target().state(manifest.chain().replica()));
  }

  @Test
  void anImageOfHolesAndAnUnchangedImageMoveNothing() {
    try (WritableImage image = fixture().create(ImageOptions.of(16 * MIB, 4 * MIB))) {
      DiskReport first = sync(image.spec());
      assertEquals(0, first.bytesWritten());
      assertReplicaEquals(first, image);
      image.write(5 * MIB + 512, bytes(1, 3 * MIB));
      assertReplicaEquals(sync(image.spec()), image);
      DiskReport unchanged = sync(image.spec());
      assertEquals(0, unchanged.extents());
      assertEquals(0, unchanged.bytesRead());
      assertReplicaEquals(unchanged, image);
    }
  }

  @Test
  void growthAndShrinkStayInTheChain() {
    try (WritableImage image = fixture().create(ImageOptions.of(8 * MIB, MIB))) {
      image.write(0, bytes(1, 8 * MIB));
      sync(image.spec());
      // each also between two runs, so that the data beyond the smaller size has to go
      for (long[] sizes :
          new long[][] {
            {12 * MIB}, {5 * MIB + 512}, {2 * MIB, 12 * MIB}, {20 * MIB, 3 * MIB}, {16 * MIB}
          }) {
        for (long size : sizes) {
          image.resize(size);
        }
        DiskReport report = sync(image.spec());
        assertEquals(Verdict.CONTINUE, report.verdict());
        assertEquals(image.size(), report.committed().manifest().size());
        assertReplicaEquals(report, image);
        image.write(image.size() - MIB, bytes(image.size(), MIB));
      }
      assertReplicaEquals(sync(image.spec()), image);
    }
  }

  @Test
  void theSpareBaseIsUsedWhenTheBaseWasRemovedByOthers() {
    try (WritableImage image = fixture().create(ImageOptions.of(16 * MIB, MIB))) {
      image.write(0, bytes(1, 8 * MIB));
      sync(image.spec());
      image.write(2 * MIB, bytes(2, 3 * MIB));
      image.discard(6 * MIB, MIB);
      DiskReport second = sync(image.spec());
      image.write(3 * MIB, bytes(3, MIB));
      image.write(12 * MIB, bytes(4, MIB));
      image.removeSnapshot(second.committed().manifest().snapshot().name());
      DiskReport third = sync(image.spec());
      assertEquals(Verdict.CONTINUE, third.verdict());
      assertEquals(VerdictReason.SPARE_BASE_PRESENT, third.reason());
      assertReplicaEquals(third, image);
      image.write(4 * MIB, bytes(5, MIB));
      DiskReport fourth = sync(image.spec());
      assertEquals(VerdictReason.BASE_PRESENT, fourth.reason());
      assertReplicaEquals(fourth, image);
    }
  }

  @Test
  void theSpareBaseIsUsedEvenIfTheImageWasSmallerInBetween() {
    try (WritableImage image = fixture().create(ImageOptions.of(16 * MIB, MIB))) {
      image.write(0, bytes(1, 16 * MIB));
      DiskReport first = sync(image.spec());
      image.resize(6 * MIB);
      DiskReport second = sync(image.spec());
      image.rollBack(first.committed().manifest().snapshot().name());
      image.removeSnapshot(second.committed().manifest().snapshot().name());
      DiskReport third = sync(image.spec());
      assertEquals(VerdictReason.SPARE_BASE_PRESENT, third.reason());
      assertReplicaEquals(third, image);
    }
  }

  @Test
  void withBothBasesLostOnlyWhatDiffersIsWritten() {
    try (WritableImage image = fixture().create(ImageOptions.of(16 * MIB, MIB))) {
      image.write(0, bytes(1, 12 * MIB));
      DiskReport first = sync(image.spec());
      image.write(2 * MIB, bytes(2, MIB));
      DiskReport second = sync(image.spec());
      image.write(3 * MIB, bytes(3, 64 << 10));
      image.discard(8 * MIB, MIB);
      image.removeSnapshot(first.committed().manifest().snapshot().name());
      image.removeSnapshot(second.committed().manifest().snapshot().name());
      DiskReport third = sync(image.spec());
      assertEquals(Verdict.CHECKSUM_RESYNC, third.verdict());
      assertEquals(VerdictReason.BASE_LOST, third.reason());
      assertEquals(64 << 10, third.bytesWritten());
      assertEquals(64 << 10, third.bytesRead(), "digests tell the rest");
      assertEquals(0, third.bytesVerifyRead());
      assertEquals(16 * MIB, third.bytesVerified());
      assertEquals(MIB, third.bytesZeroed());
      assertReplicaEquals(third, image);
    }
  }

  @Test
  void aSnapshotMadeAgainUnderTheSameNameIsNotTheBase() {
    try (WritableImage image = fixture().create(ImageOptions.of(8 * MIB, MIB))) {
      image.write(0, bytes(1, 8 * MIB));
      DiskReport first = sync(image.spec());
      String base = first.committed().manifest().snapshot().name();
      image.write(MIB, bytes(2, MIB));
      image.removeSnapshot(base);
      image.createSnapshot(base);
      image.write(4 * MIB, bytes(3, MIB));
      DiskReport second = sync(image.spec());
      assertEquals(VerdictReason.BASE_LOST, second.reason());
      assertReplicaEquals(second, image);
    }
  }

  @Test
  void anInterruptedRunIsTakenUpWhereItStopped() throws Exception {
    int size = 96 * MIB;
    try (WritableImage image = fixture().create(ImageOptions.of(size, 4 * MIB))) {
      image.write(0, bytes(1, size));
      SyncPlan plan = plan(image.spec());
      Thread running = Thread.currentThread();
      SyncException cancelled =
          assertThrows(
              SyncException.class,
              () ->
                  engine()
                      .run(
                          plan,
                          new SyncListener() {
                            @Override
                            public void progressed(DiskPlan disk, DiskProgress progress) {
                              if (progress.phase() == SyncListener.Phase.TRANSFER
                                  && progress.offset() >= size / 4) {
                                running.interrupt();
                              }
                            }
                          }));
      assertTrue(Thread.interrupted(), "the caller's interrupt is kept");
      assertTrue(cancelled.getMessage().contains("cancelled"), cancelled::getMessage);
      endSession();
      image.write(0, bytes(2, MIB));

      DiskReport resumed = sync(image.spec());
      assertEquals(VerdictReason.RUN_RESUMED, resumed.reason());
      assertEquals(plan.run(), resumed.committed().manifest().run());
      assertReplicaEquals(resumed, image);
      DiskReport next = sync(image.spec());
      assertEquals(Verdict.CONTINUE, next.verdict());
      assertReplicaEquals(next, image);
    }
  }

  @Test
  void aRunWhoseSnapshotIsLostIsRepairedEvenIfTheImageWasRolledBack() throws Exception {
    int size = 48 * MIB;
    try (WritableImage image = fixture().create(ImageOptions.of(size, MIB))) {
      image.write(0, bytes(1, size));
      DiskReport first = sync(image.spec());
      image.write(0, bytes(2, size));
      SyncPlan plan = plan(image.spec());
      Thread running = Thread.currentThread();
      assertThrows(
          SyncException.class,
          () ->
              engine()
                  .run(
                      plan,
                      new SyncListener() {
                        @Override
                        public void progressed(DiskPlan disk, DiskProgress progress) {
                          running.interrupt();
                        }
                      }));
      assertTrue(Thread.interrupted());
      String base = first.committed().manifest().snapshot().name();
      for (String name : names(image.spec())) {
        if (!name.equals(base)) {
          image.removeSnapshot(name);
        }
      }
      image.rollBack(base);
      DiskReport repaired = sync(image.spec());
      assertEquals(Verdict.CHECKSUM_RESYNC, repaired.verdict());
      assertEquals(VerdictReason.RUN_LOST, repaired.reason());
      assertReplicaEquals(repaired, image);
    }
  }

  @Test
  void theWholeReplicaIsComparedWhenAsked() {
    try (WritableImage image = fixture().create(ImageOptions.of(8 * MIB, MIB))) {
      image.write(MIB, bytes(1, 2 * MIB));
      sync(image.spec());
      image.write(3 * MIB, bytes(2, 4096));
      endSession();
      SyncEngine careful = session().engine(chains(), SETTINGS.withVerification(Verification.ALL));
      DiskReport all = careful.run(careful.plan(image.spec(), target())).disks().get(0);
      assertEquals(8 * MIB, all.bytesVerified());
      assertReplicaEquals(all, image);
      DiskReport resync =
          careful.run(careful.plan(image.spec(), target(), SyncMode.RESYNC)).disks().get(0);
      assertEquals(0, resync.bytesWritten());
      assertEquals(VerdictReason.REQUESTED, resync.reason());
      DiskReport full =
          careful.run(careful.plan(image.spec(), target(), SyncMode.FULL)).disks().get(0);
      assertEquals(Verdict.FULL, full.verdict());
      assertReplicaEquals(full, image);
    }
  }

  @Test
  void anImageThatDoesNotExistIsRefusedInThePlan() {
    ImageSpec missing = fixture().missingImage();
    InvalidPlanException refused =
        assertThrows(InvalidPlanException.class, () -> engine().plan(missing, target()));
    assertEquals(1, refused.faults().size(), refused::getMessage);
    assertTrue(refused.getMessage().contains(missing.toString()), refused::getMessage);
    assertFalse(folder.resolve("replicas").toFile().exists());
  }

  @Test
  void anImageDeletedAfterThePlanIsATypedError() {
    SyncPlan plan;
    WritableImage image = fixture().create(ImageOptions.of(8 * MIB, MIB));
    image.write(0, bytes(1, MIB));
    plan = plan(image.spec());
    image.delete();
    assertThrows(NotFoundException.class, () -> engine().run(plan));
  }

  private ChainId chain(ImageSpec image) {
    return chains().chains().stream()
        .filter(it -> it.replica().group().equals(image.pool()))
        .filter(it -> it.replica().disk().endsWith(image.name()))
        .findFirst()
        .orElseThrow();
  }

  private Set<String> names(ImageSpec spec) {
    try (Image image = session().cluster.open(spec)) {
      return image.snapshots().stream()
          .map(Snapshot::name)
          .collect(Collectors.toCollection(TreeSet::new));
    }
  }

  private static ByteBuffer bytes(long seed, int length) {
    byte[] bytes = new byte[length];
    new SplittableRandom(seed).nextBytes(bytes);
    return ByteBuffer.wrap(bytes);
  }

  /** Compares the replica with its snapshot, and checks the chain back to its first manifest. */
  private void assertReplicaEquals(DiskReport report, WritableImage image) {
    Manifest manifest = report.committed().manifest();
    ReplicaCheck.assertEqual(
        target().file(manifest.chain().replica()),
        image,
        manifest.snapshot().name(),
        manifest.size());
    List<CommittedManifest> all = chains().newest(manifest.chain(), Integer.MAX_VALUE);
    assertEquals(manifest.sequence() + 1, all.size());
    assertEquals(report.committed(), all.get(0));
  }

  private void assertModelEquals(RandomWorkload work, String snapshot) {
    ByteBuffer held = ByteBuffer.allocateDirect(PIECE);
    Path replica = target().file(chain(work.image()).replica());
    try (FileChannel file = FileChannel.open(replica)) {
      for (long at = 0; at < file.size(); at += PIECE) {
        ReplicaCheck.readFully(
            file, at, held.clear().limit((int) Math.min(PIECE, file.size() - at)));
        assertEquals(
            -1, work.at(snapshot).mismatch(at, held.flip()), "first byte unlike the model");
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
