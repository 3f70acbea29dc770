// SPDX-License-Identifier: Apache-2.0
package com.oneprocloud.sync.engine.tck;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.oneprocloud.sync.api.chain.DiffMethod;
import com.oneprocloud.sync.api.chain.MapTrust;
import com.oneprocloud.sync.api.storage.Extents;
import com.oneprocloud.sync.api.storage.Image;
import com.oneprocloud.sync.api.storage.Snapshot;
import com.oneprocloud.sync.api.storage.SnapshotReader;
import com.oneprocloud.sync.api.storage.Snapshotter;
import com.oneprocloud.sync.api.storage.StorageCluster;
import com.oneprocloud.sync.api.tck.ImageModel;
import com.oneprocloud.sync.api.tck.RandomWorkload;
import com.oneprocloud.sync.api.tck.RandomWorkload.Operation;
import com.oneprocloud.sync.api.tck.StorageFixture;
import com.oneprocloud.sync.api.tck.StorageFixture.ImageOptions;
import com.oneprocloud.sync.api.tck.StorageFixture.WritableImage;
import com.oneprocloud.sync.engine.internal.diff.DiffSelection;
import com.oneprocloud.sync.engine.internal.diff.DiffStream;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.TreeMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicBoolean;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/**
 * Every method that the engine may choose, and what the storage's own fast-diff says, against the
 * bytes of both snapshots, on images at random work. Ours must miss nothing; how often the plain
 * fast-diff does is printed.
 *
 * <p>{@code -Dsync.runs} and {@code -Dsync.steps} make it longer, {@code -Dsync.seed} repeats it.
 */
public abstract class DiffContract {
  private static final int MIB = 1 << 20;
  private static final int BASES = 4;

  private final Map<String, Integer> chosen = new TreeMap<>();
  private final ExecutorService executor = Executors.newFixedThreadPool(4);
  private @Nullable StorageFixture fixture;
  private int precise;
  private int plain;
  private int plainMissed;

  /** For subclasses. */
  protected DiffContract() {}

  /** Opens a fixture; called before every test. */
  protected abstract StorageFixture openFixture();

  /** What the fast-diff of the storage's own library says of whole objects. */
  protected abstract Extents plainFastDiff(
      StorageFixture opened, WritableImage image, @Nullable Snapshot base, Snapshot end);

  @BeforeEach
  final void open() {
    fixture = openFixture();
  }

  @AfterEach
  final void close() {
    executor.shutdownNow();
    StorageFixture opened = fixture;
    if (opened != null) {
      opened.close();
    }
    System.out.println(this);
  }

  private StorageFixture fixture() {
    StorageFixture opened = fixture;
    if (opened == null) {
      throw new IllegalStateException("no test is running");
    }
    return opened;
  }

  /** How many diffs of each method were checked, and what the plain fast-diff missed. */
  @Override
  public String toString() {
    StringBuilder text = new StringBuilder("diffs against the bytes of both snapshots:\n");
    text.append(
        String.format(Locale.ROOT, "%8d asked about every object: 0 missed a change%n", precise));
    chosen.forEach(
        (choice, count) ->
            text.append(
                String.format(Locale.ROOT, "%8d chosen %s: 0 missed a change%n", count, choice)));
    return text.append(
            String.format(
                Locale.ROOT, "%8d by plain fast-diff: %d missed a change", plain, plainMissed))
        .toString();
  }

  /** Writes, discards, resizes, snapshots made and removed, roll backs, clones, stripes. */
  @Test
  void noChosenMethodMissesAChange() {
    long seed = RandomWorkload.seed();
    int runs = RandomWorkload.runs(4);
    for (int run = 0; run < runs; run++) {
      try (StorageCluster cluster = fixture().connect();
          Snapshotter snapshotter = fixture().snapshotter();
          RandomWorkload workload = RandomWorkload.on(fixture(), seed + run, 6 * MIB, 16 * MIB);
          Image image = cluster.open(workload.image())) {
        if (run % 2 == 1) {
          // a change of size rules object maps out
          workload.without(Operation.RESIZE);
        }
        work(workload, image, snapshotter);
      }
    }
    assertTrue(precise > 0 && plain > 0);
  }

  private void work(RandomWorkload workload, Image image, Snapshotter snapshotter) {
    List<Snapshot> points = new ArrayList<>();
    int steps = RandomWorkload.steps(24);
    for (int done = 0; done < steps; ) {
      try {
        for (int n = workload.random().nextInt(1, 4); n > 0; n--) {
          workload.step();
          done++;
        }
        Snapshot point = snapshotter.create(workload.image(), "point-" + done);
        workload.snapshotTaken(point.name());
        points.add(point);
        checkPoint(workload, image, points);
        if (points.size() > BASES) {
          Snapshot gone = points.remove(workload.random().nextInt(points.size() - 1));
          snapshotter.remove(workload.image(), gone);
          workload.snapshotRemoved(gone.name());
        }
      } catch (AssertionError | RuntimeException | InterruptedException e) {
        throw workload.failed(e);
      }
    }
  }

  private void checkPoint(RandomWorkload workload, Image image, List<Snapshot> points)
      throws InterruptedException {
    Snapshot point = points.get(points.size() - 1);
    ImageModel end = workload.at(point.name());
    try (SnapshotReader reader = image.at(point)) {
      check(workload.writable(), image, reader, null, new ImageModel(0), end);
      for (Snapshot base : points.subList(0, points.size() - 1)) {
        check(workload.writable(), image, reader, base, workload.at(base.name()), end);
      }
    }
  }

  private void check(
      WritableImage written,
      Image image,
      SnapshotReader reader,
      @Nullable Snapshot base,
      ImageModel before,
      ImageModel end)
      throws InterruptedException {
    ImageModel.checkDiff(before, end, reader.diff(base, 0, reader.size()), 0, end.size());
    precise++;
    DiffSelection selection = DiffSelection.of(image, reader, base, true, MapTrust.UNUSED, precise);
    if (selection.choice().method() == DiffMethod.FAST) {
      ImageModel.checkDiff(before, end, extents(reader, base, selection), 0, end.size());
    }
    chosen.merge(selection.choice().toString(), 1, Integer::sum);
    plain++;
    try {
      Extents fast = plainFastDiff(fixture(), written, base, reader.snapshot());
      ImageModel.checkDiff(before, end, fast, 0, end.size());
    } catch (AssertionError e) {
      plainMissed++;
    }
  }

  private Extents extents(SnapshotReader reader, @Nullable Snapshot base, DiffSelection selection)
      throws InterruptedException {
    Extents.Builder extents = Extents.builder();
    try (DiffStream stream =
        new DiffStream(reader, base, selection.candidates(), Extents.none(), false, executor)) {
      while (stream.hasNext()) {
        extents.addAll(stream.next().extents());
      }
    }
    return extents.build();
  }

  /** Snapshots are taken while a server writes; what they hold is read, not known beforehand. */
  @Test
  void noChosenMethodMissesAChangeWhileAServerWrites() throws Exception {
    long seed = RandomWorkload.seed();
    System.out.println("a server that writes all the time, -Dsync.seed=" + seed);
    AtomicBoolean done = new AtomicBoolean();
    try (StorageCluster cluster = fixture().connect();
        Snapshotter snapshotter = fixture().snapshotter();
        WritableImage written = fixture().create(ImageOptions.of(16 * MIB, 256 << 10));
        Image image = cluster.open(written.spec())) {
      written.write(0, ByteBuffer.wrap(random(new SplittableRandom(seed), 12 * MIB)));
      Future<?> server =
          executor.submit(
              () -> {
                SplittableRandom random = new SplittableRandom(seed + 1);
                while (!done.get()) {
                  byte[] bytes = random(random, random.nextInt(1, 8192));
                  written.write(random.nextLong(16 * MIB - bytes.length), ByteBuffer.wrap(bytes));
                }
              });
      List<Snapshot> points = new ArrayList<>();
      try {
        for (int i = 0; i < Math.max(6, RandomWorkload.steps(24) / 4); i++) {
          points.add(snapshotter.create(written.spec(), "point-" + i));
        }
      } finally {
        done.set(true);
        server.get();
      }
      ImageModel before = new ImageModel(0);
      Snapshot base = null;
      for (Snapshot point : points) {
        try (SnapshotReader reader = image.at(point)) {
          ImageModel end = content(reader);
          check(written, image, reader, base, before, end);
          before = end;
          base = point;
        }
      }
      for (Snapshot point : points) {
        snapshotter.remove(written.spec(), point);
      }
      assertEquals(points.size(), precise);
    }
  }

  private static byte[] random(SplittableRandom random, int length) {
    byte[] bytes = new byte[length];
    random.nextBytes(bytes);
    return bytes;
  }

  private static ImageModel content(SnapshotReader reader) {
    ImageModel content = new ImageModel(reader.size());
    ByteBuffer buffer = ByteBuffer.allocateDirect(MIB);
    for (long at = 0; at < reader.size(); at += MIB) {
      buffer.clear().limit((int) Math.min(MIB, reader.size() - at));
      reader.read(at, buffer).join();
      byte[] bytes = new byte[buffer.remaining()];
      buffer.get(bytes);
      content.write(at, bytes);
    }
    return content;
  }
}
