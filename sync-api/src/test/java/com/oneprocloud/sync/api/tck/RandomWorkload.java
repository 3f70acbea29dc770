// SPDX-License-Identifier: Apache-2.0
package com.oneprocloud.sync.api.tck;

import com.oneprocloud.sync.api.storage.ImageSpec;
import com.oneprocloud.sync.api.tck.StorageFixture.Feature;
import com.oneprocloud.sync.api.tck.StorageFixture.ImageOptions;
import com.oneprocloud.sync.api.tck.StorageFixture.WritableImage;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * A server and its operators at work on one image, at random: writes, discards, write-zeroes,
 * resizes, rollbacks, flattening, snapshots made and removed. Keeps an {@link ImageModel} of what
 * the image and each snapshot must read as. The same seed on a fixture with the same features does
 * the same.
 *
 * <p>A test runs a few {@link #step}s, takes a snapshot by what it tests and tells so with {@link
 * #snapshotTaken}, checks, and goes on. Not thread-safe.
 */
public final class RandomWorkload implements AutoCloseable {
  private static final int MIB = 1 << 20;
  private static final int KEPT_LOG = 60;

  private final StorageFixture fixture;
  private final long seed;
  private final SplittableRandom random;
  private final long largest;
  private final String shape;
  private final WritableImage image;
  private final List<WritableImage> parents = new ArrayList<>();
  private final Map<String, ImageModel> snapshots = new LinkedHashMap<>();
  private final Set<String> foreign = new LinkedHashSet<>();
  private final Set<Operation> operations = EnumSet.allOf(Operation.class);
  private final List<String> log = new ArrayList<>();
  private ImageModel head;
  private boolean clone;
  private long lastOffset;
  private int steps;
  private int named;

  private RandomWorkload(StorageFixture fixture, long seed, long smallest, long largest) {
    this.fixture = fixture;
    this.seed = seed;
    this.random = new SplittableRandom(seed);
    this.largest = largest;
    this.head = new ImageModel(aligned(smallest, largest));
    this.image = make();
    this.shape =
        log.stream()
            .filter(line -> line.contains("ImageOptions"))
            .collect(Collectors.joining("; "));
    System.out.println(this);
  }

  /**
   * Makes an image of random shape, 8 to 64 MiB, plain or striped, in a data pool or namespace of
   * its own or not, with up to two parents, as far as the fixture has these features.
   */
  public static RandomWorkload on(StorageFixture fixture, long seed) {
    return new RandomWorkload(fixture, seed, 8 * MIB, 64 * MIB);
  }

  /**
   * The same with an image of a size between two, in bytes; it is never resized beyond the larger.
   */
  public static RandomWorkload on(StorageFixture fixture, long seed, long smallest, long largest) {
    return new RandomWorkload(fixture, seed, smallest, largest);
  }

  /** The seed that {@code -Dsync.seed} gives, or else a new one. */
  public static long seed() {
    Long given = Long.getLong("sync.seed");
    return given != null ? given : new SplittableRandom().nextLong(1, 1L << 40);
  }

  /** The number that {@code -Dsync.steps} gives, or else a default. */
  public static int steps(int otherwise) {
    return Integer.getInteger("sync.steps", otherwise);
  }

  /**
   * The number of workloads, each with the next seed, that {@code -Dsync.runs} gives, or else a
   * default.
   */
  public static int runs(int otherwise) {
    return Integer.getInteger("sync.runs", otherwise);
  }

  /** Where the image is found. */
  public ImageSpec image() {
    return image.spec();
  }

  /** The image, for writing what {@link #head} then has to be told too. */
  public WritableImage writable() {
    return image;
  }

  /** What the image must read as now. */
  public ImageModel head() {
    return head;
  }

  /** What a snapshot that exists must read as. */
  public ImageModel at(String snapshot) {
    ImageModel model = snapshots.get(snapshot);
    if (model == null) {
      throw new IllegalArgumentException("no snapshot " + snapshot + "; " + this);
    }
    return model;
  }

  /** Whether a snapshot exists, as far as the workload was told. */
  public boolean knows(String snapshot) {
    return snapshots.containsKey(snapshot);
  }

  /** Somebody else took a snapshot of the image as it is now; later steps may roll back to it. */
  public void snapshotTaken(String name) {
    snapshots.put(name, head.copy());
    note("snapshot " + name + " taken by the test");
  }

  /** Somebody else removed a snapshot. */
  public void snapshotRemoved(String name) {
    snapshots.remove(name);
    note("snapshot " + name + " removed by the test");
  }

  /** The random numbers, for choices of the test that must follow the seed. */
  public SplittableRandom random() {
    return random;
  }

  /** Does one thing to the image. */
  public void step() {
    steps++;
    int dice = random.nextInt(operations.stream().mapToInt(operation -> operation.weight).sum());
    for (Operation operation : operations) {
      dice -= operation.weight;
      if (dice < 0) {
        perform(operation);
        return;
      }
    }
  }

  /** Leaves some things out from now on. */
  public RandomWorkload without(Operation... left) {
    operations.removeAll(List.of(left));
    return this;
  }

  /** What a step can be. */
  public enum Operation {
    /** Bytes, zeros, or the bytes that are there. */
    WRITE(48),
    /** A range or whole objects. */
    DISCARD(12),
    /** A range or whole objects. */
    WRITE_ZEROES(10),
    /** Up or down. */
    RESIZE(7),
    /** Somebody else's. */
    CREATE_SNAPSHOT(9),
    /** Somebody else's. */
    REMOVE_SNAPSHOT(7),
    /** To any snapshot. */
    ROLL_BACK(5),
    /** Once, if the image is a clone. */
    FLATTEN(2);

    private final int weight;

    Operation(int weight) {
      this.weight = weight;
    }
  }

  private void perform(Operation operation) {
    switch (operation) {
      case WRITE -> write();
      case DISCARD -> discard(false);
      case WRITE_ZEROES -> discard(true);
      case RESIZE -> resize();
      case CREATE_SNAPSHOT -> createSnapshot();
      case REMOVE_SNAPSHOT -> removeSnapshot();
      case ROLL_BACK -> rollBack();
      case FLATTEN -> flatten();
    }
  }

  private WritableImage make() {
    if (!can(Feature.CLONE) || random.nextInt(2) == 0) {
      WritableImage made = fixture.create(options(head.size()));
      note("image of " + head.size() + " bytes, " + lastOptions);
      return made;
    }
    WritableImage parent = fixture.create(options(head.size()));
    note("parent of " + head.size() + " bytes, " + lastOptions);
    int depth = random.nextInt(1, 3);
    for (int i = 0; i < depth; i++) {
      parents.add(parent);
      for (int n = random.nextInt(1, 12); n > 0; n--) {
        writeTo(parent);
      }
      parent.createSnapshot("base");
      parent = fixture.clone(parent, "base", options(head.size()));
      note("clone of that, " + lastOptions);
    }
    clone = true;
    return parent;
  }

  private @Nullable ImageOptions lastOptions;

  private ImageOptions options(long size) {
    ImageOptions options = ImageOptions.of(size, 1L << random.nextInt(16, 23));
    if (can(Feature.STRIPING) && random.nextInt(3) == 0) {
      long unit = options.objectSize() >> random.nextInt(0, 5);
      options = options.striped(unit, random.nextInt(2, 6));
    }
    if (can(Feature.DATA_POOL) && random.nextInt(4) == 0) {
      options = options.inDataPool();
    }
    if (can(Feature.NAMESPACE) && random.nextInt(4) == 0) {
      options = options.inNamespace();
    }
    lastOptions = options;
    return options;
  }

  private boolean can(Feature feature) {
    return fixture.features().contains(feature);
  }

  private void write() {
    if (head.size() > 0) {
      writeTo(image);
    }
  }

  private void writeTo(WritableImage to) {
    int length = length();
    long offset = offset(length);
    byte[] bytes;
    String what;
    switch (random.nextInt(12)) {
      case 0 -> {
        bytes = new byte[length];
        what = "zeros";
      }
      case 1 -> {
        bytes = head.read(offset, length);
        what = "the same bytes";
      }
      default -> {
        bytes = new byte[length];
        random.nextBytes(bytes);
        what = "bytes";
      }
    }
    note("write " + length + " " + what + " at " + offset);
    to.write(offset, ByteBuffer.wrap(bytes));
    head.write(offset, bytes);
  }

  private void discard(boolean asZeroes) {
    if (head.size() == 0) {
      return;
    }
    int length = length();
    long offset = offset(length);
    if (random.nextInt(3) == 0) {
      // Whole objects, which are removed and not just filled with zeros.
      long unit = 1L << random.nextInt(16, 23);
      offset = offset / unit * unit;
      length = (int) Math.min(head.size() - offset, (length + unit - 1) / unit * unit);
    }
    if (asZeroes) {
      note("write zeroes, " + length + " at " + offset);
      image.writeZeroes(offset, length);
    } else {
      note("discard " + length + " at " + offset);
      image.discard(offset, length);
    }
    head.zero(offset, length);
  }

  private void resize() {
    long size =
        switch (random.nextInt(4)) {
          case 0 -> aligned(4096, largest);
          case 1 -> random.nextLong(4096, largest + 1);
          default -> Math.min(largest, Math.max(4096, head.size() + aligned(0, 4 * MIB) - 2 * MIB));
        };
    note("resize from " + head.size() + " to " + size);
    image.resize(size);
    head.resize(size);
  }

  private void createSnapshot() {
    String name = "foreign-" + ++named;
    note("create snapshot " + name);
    image.createSnapshot(name);
    snapshots.put(name, head.copy());
    foreign.add(name);
  }

  private void removeSnapshot() {
    if (!foreign.isEmpty()) {
      String name = pick(foreign);
      note("remove snapshot " + name);
      image.removeSnapshot(name);
      snapshots.remove(name);
      foreign.remove(name);
    }
  }

  private void rollBack() {
    if (!snapshots.isEmpty()) {
      String name = pick(snapshots.keySet());
      note("roll back to " + name);
      image.rollBack(name);
      head = at(name).copy();
    }
  }

  private void flatten() {
    if (clone) {
      note("flatten");
      image.flatten();
      clone = false;
    }
  }

  private String pick(Set<String> names) {
    return List.copyOf(names).get(random.nextInt(names.size()));
  }

  /** From 512 B to 8 MiB, as many small as large. */
  private int length() {
    int length = 512 << random.nextInt(0, 15);
    length = random.nextInt(length / 2, length + 1);
    if (random.nextInt(4) != 0) {
      length = Math.max(512, length / 512 * 512);
    }
    return (int) Math.min(Math.max(1, length), head.size());
  }

  /** Anywhere, or near the place of the last operation, or at the start of an object. */
  private long offset(int length) {
    long room = head.size() - length;
    long offset =
        switch (random.nextInt(4)) {
          case 0 -> lastOffset + random.nextInt(-MIB, MIB);
          case 1 -> random.nextLong(0, room + 1) >> 16 << 16;
          case 2 -> random.nextLong(0, room + 1);
          default -> random.nextLong(0, room + 1) / 512 * 512;
        };
    lastOffset = Math.max(0, Math.min(room, offset));
    return lastOffset;
  }

  private long aligned(long from, long to) {
    return random.nextLong(from / 512, to / 512 + 1) * 512;
  }

  private void note(String what) {
    log.add(steps + ": " + what);
  }

  /** An error of a check, with what is needed to have it again. */
  public AssertionError failed(Throwable cause) {
    List<String> last = log.subList(Math.max(0, log.size() - KEPT_LOG), log.size());
    return new AssertionError(
        cause.getMessage() + "; " + this + ", last steps:\n  " + String.join("\n  ", last), cause);
  }

  /** Deletes the image, its snapshots and its parents. */
  @Override
  public void close() {
    for (String name : Set.copyOf(snapshots.keySet())) {
      image.removeSnapshot(name);
    }
    image.delete();
    for (int i = parents.size() - 1; i >= 0; i--) {
      WritableImage parent = parents.get(i);
      parent.unprotectSnapshot("base");
      parent.removeSnapshot("base");
      parent.delete();
    }
  }

  @Override
  public String toString() {
    return "random workload with -Dsync.seed=" + seed + ", step " + steps + ", " + shape;
  }
}
