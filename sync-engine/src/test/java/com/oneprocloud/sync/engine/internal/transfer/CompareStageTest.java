// SPDX-License-Identifier: Apache-2.0
package com.oneprocloud.sync.engine.internal.transfer;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.mockito.ArgumentMatchers.any;
import static org.mockito.ArgumentMatchers.anyLong;
import static org.mockito.Mockito.doThrow;
import static org.mockito.Mockito.mock;

import com.oneprocloud.sync.api.target.Replica;
import com.oneprocloud.sync.api.tck.RandomWorkload;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

class CompareStageTest {
  private final SplittableRandom random = new SplittableRandom(RandomWorkload.seed());

  /** Writes what it is given to a replica, and checks that every block of it differed. */
  private static final class Repair implements Pipeline.Stage {
    private final HeldReplica replica;
    private long bytes;

    Repair(HeldReplica replica) {
      this.replica = replica;
    }

    @Override
    public void data(long offset, ByteBuffer data) {
      bytes += data.remaining();
      byte[] given = new byte[data.remaining()];
      data.slice().get(given);
      for (int at = 0; at < given.length; ) {
        int end = (int) Math.min(given.length, at + Zeros.BLOCK - (offset + at) % Zeros.BLOCK);
        assertTrue(
            Arrays.mismatch(given, at, end, replica.bytes, (int) offset + at, (int) offset + end)
                >= 0,
            "a block that does not differ was handed on");
        at = end;
      }
      replica.write(offset, data);
    }

    @Override
    public void zero(long offset, long length) {
      bytes += length;
      replica.zero(offset, length);
    }
  }

  @Test
  void handsOnJustTheBlocksThatDiffer() {
    for (int i = 0; i < 60; i++) {
      byte[] source = new byte[random.nextInt(1, 3 * CompareStage.PIECE)];
      random.nextBytes(source);
      byte[] held = source.clone();
      for (int n = random.nextInt(5); n > 0; n--) {
        int from = random.nextInt(held.length);
        int to = Math.min(held.length, from + random.nextInt(1, 20_000));
        for (int b = from; b < to; b++) {
          held[b] ^= (byte) random.nextInt(2);
        }
      }
      boolean same = Arrays.equals(source, held);
      HeldReplica replica = new HeldReplica(held);
      BufferPool scratch = CompareStage.scratch(1);
      Repair repair = new Repair(replica);
      CompareStage stage = new CompareStage(Held.of(replica), scratch, repair);
      // in parts of any size, as reads come
      for (int at = 0; at < source.length; ) {
        int length = Math.min(source.length - at, random.nextInt(1, 2 * CompareStage.PIECE));
        stage.data(at, ByteBuffer.wrap(source, at, length).slice());
        at += length;
      }
      assertArrayEquals(source, held);
      assertEquals(same, repair.bytes == 0);
      assertEquals(source.length, stage.bytesCompared());
      assertEquals(0, scratch.bytesOut());
    }
  }

  @Test
  void handsOnWhatIsNotZero() {
    byte[] held = new byte[2 * CompareStage.PIECE + 1000];
    held[5000] = 1;
    held[held.length - 1] = 1;
    HeldReplica replica = new HeldReplica(held);
    BufferPool scratch = CompareStage.scratch(1);
    Repair repair = new Repair(replica);
    CompareStage stage = new CompareStage(Held.of(replica), scratch, repair);
    stage.zero(0, held.length);
    assertArrayEquals(new byte[held.length], held);
    assertTrue(repair.bytes <= 2 * Zeros.BLOCK, "two blocks, not all: " + repair.bytes);
    assertEquals(held.length, stage.bytesCompared());
    assertEquals(0, scratch.bytesOut());
  }

  @Test
  void givesItsMemoryBackWhateverAReadOfTheReplicaThrows() {
    for (Throwable thrown : List.of(new IllegalStateException("read"), new LinkageError("read"))) {
      Replica replica = mock(Replica.class);
      doThrow(thrown).when(replica).read(anyLong(), any());
      BufferPool scratch = CompareStage.scratch(1);
      CompareStage stage =
          new CompareStage(Held.of(replica), scratch, new Repair(new HeldReplica(new byte[0])));
      assertSame(
          thrown, assertThrows(Throwable.class, () -> stage.data(0, ByteBuffer.allocate(10))));
      assertSame(thrown, assertThrows(Throwable.class, () -> stage.zero(0, 10)));
      assertEquals(0, scratch.bytesOut());
    }
  }
}
