// SPDX-License-Identifier: Apache-2.0
package com.oneprocloud.sync.engine.internal.digest;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.oneprocloud.sync.api.ChainBrokenException;
import com.oneprocloud.sync.api.UnsupportedException;
import com.oneprocloud.sync.api.chain.ChainId;
import com.oneprocloud.sync.api.chain.DigestInput;
import com.oneprocloud.sync.api.chain.DigestOutput;
import com.oneprocloud.sync.api.chain.Manifest;
import com.oneprocloud.sync.api.chain.RunId;
import com.oneprocloud.sync.api.chain.SnapshotRef;
import com.oneprocloud.sync.api.chain.Verdict;
import com.oneprocloud.sync.api.chain.VerdictReason;
import com.oneprocloud.sync.api.chain.Verification;
import com.oneprocloud.sync.api.storage.BlockDigests;
import com.oneprocloud.sync.api.storage.Extents;
import com.oneprocloud.sync.api.storage.ImageIdentity;
import com.oneprocloud.sync.api.storage.ImageSpec;
import com.oneprocloud.sync.api.storage.Layout;
import com.oneprocloud.sync.api.storage.SnapshotId;
import com.oneprocloud.sync.api.target.ReplicaName;
import com.oneprocloud.sync.api.tck.RandomWorkload;
import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import java.util.SplittableRandom;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;

/** Records of digests against arrays of what is known of each block. */
class DigestRecordsTest {
  private static final int BLOCK = BlockDigests.BLOCK;

  /** What is known of a block: nothing was said, unknown, or its digest. */
  private static final long NOTHING = 1;

  private static final long UNKNOWN = 2;

  private final long seed = RandomWorkload.seed();
  private final SplittableRandom random = new SplittableRandom(seed);

  private static Manifest manifest(long size) {
    return new Manifest(
        new ChainId(new ReplicaName("group", "disk"), "target"),
        0,
        Optional.empty(),
        RunId.random(),
        Instant.EPOCH,
        ImageSpec.of("volumes", "disk"),
        new ImageIdentity("fsid", 1, "", "id"),
        new Layout(4 << 20, 4 << 20, 1, 1),
        Optional.empty(),
        new SnapshotRef(SnapshotId.of(1), "s", size, Optional.empty()),
        Optional.empty(),
        Verdict.FULL,
        VerdictReason.FIRST_POINT,
        Extents.none(),
        Verification.CHANGED);
  }

  private static final class Memory implements DigestOutput {
    final ByteArrayOutputStream bytes = new ByteArrayOutputStream();

    @Override
    public void write(ByteBuffer data) {
      byte[] piece = new byte[data.remaining()];
      data.get(piece);
      bytes.writeBytes(piece);
    }

    @Override
    public void finish() {}

    @Override
    public void close() {}
  }

  private RunReader reader(byte[] record, long size) {
    ByteBuffer left = ByteBuffer.wrap(record);
    return RunReader.of(
        manifest(size),
        new DigestInput() {
          @Override
          public int read(ByteBuffer into) {
            if (!left.hasRemaining()) {
              return -1;
            }
            int count = 1 + random.nextInt(Math.min(left.remaining(), into.remaining()));
            into.put(left.slice(left.position(), count));
            left.position(left.position() + count);
            return count;
          }

          @Override
          public void close() {}
        });
  }

  private static long[] read(Runs runs, long size) {
    int blocks = (int) Blocks.count(size);
    long[] known = new long[blocks];
    Arrays.fill(known, NOTHING);
    long next = 0;
    for (Run run = runs.next(); run != null; run = runs.next()) {
      assertTrue(run.first() >= next && run.count() > 0, run::toString);
      next = run.end();
      for (long block = run.first(); block < run.end(); block++) {
        known[(int) block] =
            switch (run.kind()) {
              case DIGESTS -> run.digest(block) == digest(0, block, size) ? 0 : run.digest(block);
              case ZEROS -> 0;
              case UNKNOWN -> UNKNOWN;
            };
      }
    }
    assertNull(runs.next());
    return known;
  }

  /** Random blocks, in stretches; the digest of zeros is 0 here. */
  private long[] known(int blocks, boolean gaps) {
    long[] known = new long[blocks];
    for (int at = 0; at < blocks; ) {
      int kind = random.nextInt(gaps ? 4 : 3);
      int end = Math.min(blocks, at + 1 + random.nextInt(random.nextInt(20) == 0 ? 20_000 : 9));
      for (; at < end; at++) {
        known[at] =
            switch (kind) {
              case 0 -> random.nextLong() | 4;
              case 1 -> 0;
              case 2 -> UNKNOWN;
              default -> NOTHING;
            };
      }
    }
    return known;
  }

  private static long digest(long known, long block, long size) {
    return known == 0 ? BlockDigests.ofZeros(Blocks.length(block, size)) : known;
  }

  /** Tells a log in any order, in pieces that overlap, and puts what it hands on into a record. */
  private byte[] write(long[] known, long size, Runs between) {
    BlockLog log = new BlockLog(size, Long.MAX_VALUE);
    Memory memory = new Memory();
    RunWriter writer = new RunWriter(memory, size);
    RecordBuilder builder = new RecordBuilder(writer, between, known.length);
    List<Runnable> tellings = new ArrayList<>();
    int window = 0;
    for (int at = 0; at < known.length; ) {
      int from = at;
      if (known[at] == NOTHING) {
        at++;
        continue;
      }
      boolean zeros = known[at] == 0 && random.nextBoolean();
      boolean unknown = known[at] == UNKNOWN;
      int most = from + 1 + random.nextInt(30);
      while (at < known.length
          && at < most
          && known[at] != NOTHING
          && (known[at] == UNKNOWN) == unknown
          && (!zeros || known[at] == 0)) {
        at++;
      }
      int end = at;
      if (unknown) {
        Extents.Builder touched = Extents.builder();
        touched.add(
            from * (long) BLOCK + 1,
            Math.min(size, (long) end * BLOCK) - from * (long) BLOCK - 1,
            true);
        tellings.add(() -> log.unknown(touched.build()));
      } else if (zeros) {
        tellings.add(() -> log.zeros(from, end - from));
      } else {
        long[] digests = new long[end - from];
        for (int i = from; i < end; i++) {
          digests[i - from] = digest(known[i], i, size);
        }
        tellings.add(() -> log.digests(from, digests));
        if (random.nextInt(4) == 0) {
          tellings.add(() -> log.digests(end - 1, new long[] {digests[end - 1 - from]}));
        }
      }
      if (++window % 8 == 0) {
        tell(tellings);
        log.drain(random.nextLong((long) from * BLOCK + 1), builder::add);
      }
    }
    tell(tellings);
    log.drain(size, builder::add);
    builder.end();
    byte[] record = memory.bytes.toByteArray();
    assertEquals(record.length, writer.bytes());
    return record;
  }

  private void tell(List<Runnable> tellings) {
    for (int i = tellings.size() - 1; i > 0; i--) {
      Collections.swap(tellings, i, random.nextInt(i + 1));
    }
    tellings.forEach(Runnable::run);
    tellings.clear();
  }

  @Test
  void whatWasToldInAnyOrderIsReadBackAndLayersLieOverEachOther() {
    for (int round = 0; round < RandomWorkload.steps(60); round++) {
      long size = random.nextLong(1, 40_000L * BLOCK);
      int blocks = (int) Blocks.count(size);
      long[] base = known(blocks, false);
      List<byte[]> records = new ArrayList<>();
      records.add(write(base, size, Runs.one(Run.Kind.ZEROS, 0, 0)));
      assertEquals(-1, Arrays.mismatch(base, read(reader(records.get(0), size), size)), this::seed);
      byte[] again = write(base, size, Runs.one(Run.Kind.ZEROS, 0, 0));
      assertArrayEquals(records.get(0), again, () -> "told otherwise, " + seed());
      long[] merged = base.clone();
      for (int layer = random.nextInt(5); layer > 0; layer--) {
        long[] above = known(blocks, true);
        for (int i = 0; i < blocks; i++) {
          merged[i] = above[i] == NOTHING ? merged[i] : above[i];
        }
        if (layer == 1 && random.nextBoolean()) {
          // the uppermost is put into one record with those below
          byte[] all = write(above, size, layers(records, size));
          assertEquals(-1, Arrays.mismatch(merged, read(reader(all, size), size)), this::seed);
          long most = RunWriter.most(blocks, 0);
          boolean noneUnknown = Arrays.stream(merged).noneMatch(it -> it == UNKNOWN);
          assertTrue(!noneUnknown || all.length <= most, () -> all.length + ", " + most);
        }
        records.add(0, write(above, size, Runs.one(Run.Kind.ZEROS, 0, 0)));
        assertEquals(-1, Arrays.mismatch(merged, read(layers(records, size), size)), this::seed);
      }
    }
  }

  private String seed() {
    return "with -Dsync.seed=" + seed;
  }

  private Layers layers(List<byte[]> records, long size) {
    return new Layers(records.stream().map(it -> reader(it, size)).toList());
  }

  @Test
  void aRecordTakesEightBytesABlockAndZerosAreFree() {
    int blocks = 1 << 16;
    long size = (long) blocks * BLOCK;
    long[] known = new long[blocks];
    assertTrue(write(known, size, Runs.one(Run.Kind.ZEROS, 0, 0)).length < 100);
    Arrays.setAll(known, i -> i + 4);
    int full = write(known, size, Runs.one(Run.Kind.ZEROS, 0, 0)).length;
    assertTrue(full >= 8 * blocks && full < 8 * blocks + 1000, "bytes: " + full);
    // however zeros and data take turns
    for (int stretch = 1; stretch < 12; stretch++) {
      int each = stretch;
      Arrays.setAll(known, i -> i / each % 2 == 0 ? 0 : i + 4);
      int mixed = write(known, size, Runs.one(Run.Kind.ZEROS, 0, 0)).length;
      assertTrue(mixed <= full, () -> mixed + " bytes with stretches of " + each);
    }
  }

  @Test
  void whatComesTooSoonIsWaitedForAndNotForEver() throws InterruptedException {
    BlockLog log = new BlockLog(100L * BLOCK, 20);
    List<Run> handedOn = new ArrayList<>();
    log.digests(10, new long[] {1, 2, 3});
    log.awaitRoom(() -> 0, () -> false, handedOn::add);
    assertEquals(List.of(), handedOn, "there is room");
    log.digests(20, new long[30]);
    AtomicInteger looked = new AtomicInteger();
    // what comes before it is done the third time
    log.awaitRoom(() -> looked.incrementAndGet() < 3 ? 0 : 60L * BLOCK, () -> false, handedOn::add);
    assertEquals(3, looked.get());
    assertEquals(List.of(10L, 20L), handedOn.stream().map(Run::first).toList());
    log.digests(70, new long[30]);
    looked.set(0);
    log.awaitRoom(() -> 0, () -> looked.incrementAndGet() > 2, handedOn::add);
    assertEquals(3, looked.get(), "it is over");
    assertEquals(2, handedOn.size());
  }

  @Test
  void recordsThatMakeNoSenseAreRefused() {
    long size = 100L * BLOCK;
    long[] known = new long[100];
    Arrays.setAll(known, i -> i < 50 ? i + 4 : 0);
    byte[] good = write(known, size, Runs.one(Run.Kind.ZEROS, 0, 0));
    assertEquals(20 + 16 + 8 * 50 + 16, good.length);
    for (int cut = 0; cut < good.length; cut++) {
      byte[] short1 = Arrays.copyOf(good, cut);
      boolean whole = cut == 20 || cut == 20 + 16 + 8 * 50;
      if (whole) {
        // only its hash tells
        assertFalse(Arrays.equals(known, read(reader(short1, size), size)));
      } else {
        assertThrows(
            ChainBrokenException.class, () -> read(reader(short1, size), size), "cut at " + cut);
      }
    }
    assertThrows(ChainBrokenException.class, () -> reader(good, size + 1));
    for (int at : new int[] {0, 8, 16, 20, 21, 28, 20 + 16 + 8 * 50, 20 + 16 + 8 * 50 + 15}) {
      byte[] wrong = good.clone();
      wrong[at] ^= 64;
      assertThrows(ChainBrokenException.class, () -> read(reader(wrong, size), size), "byte " + at);
    }
    byte[] later = good.clone();
    later[7]++;
    assertThrows(UnsupportedException.class, () -> reader(later, size));
  }
}
