// SPDX-License-Identifier: Apache-2.0
package com.oneprocloud.sync.engine.internal.transfer;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.oneprocloud.sync.api.tck.LeakCheck;
import com.oneprocloud.sync.api.tck.RandomWorkload;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

class BufferPoolTest {
  private static final int PIECE = BufferPool.MIN_BYTES;

  @RegisterExtension final LeakCheck leaks = new LeakCheck();

  @Test
  void roundsItsSizeDown() {
    assertEquals(PIECE, new BufferPool(1).capacity());
    assertEquals(4 * PIECE, new BufferPool(8 * PIECE - 1).capacity());
  }

  @Test
  void givesWhatWasAskedForAndJoinsWhatIsFreeAgain() throws InterruptedException {
    BufferPool pool = new BufferPool(8 * PIECE);
    for (int round = 0; round < 3; round++) {
      List<BufferPool.Buffer> out = new ArrayList<>();
      for (int bytes : new int[] {1, PIECE, PIECE + 1, 3 * PIECE}) {
        BufferPool.Buffer buffer = pool.take(bytes);
        assertEquals(bytes, buffer.bytes().remaining());
        assertEquals(0, buffer.bytes().position());
        assertTrue(buffer.bytes().isDirect());
        out.add(buffer);
      }
      assertEquals(8 * PIECE, pool.bytesOut());
      for (BufferPool.Buffer buffer : out) {
        buffer.close();
        buffer.close();
      }
      assertEquals(0, pool.bytesOut());
      pool.take(8 * PIECE).close();
    }
    assertThrows(IllegalArgumentException.class, () -> pool.take(8 * PIECE + 1));
    assertThrows(IllegalArgumentException.class, () -> pool.take(0));
  }

  /** Every thread marks all bytes of what it has; nobody else may ever have them. */
  @Test
  void noByteIsOutTwice() throws Exception {
    long seed = RandomWorkload.seed();
    BufferPool pool = new BufferPool(32 * PIECE);
    List<FutureTask<Long>> tasks = new ArrayList<>();
    for (int t = 0; t < 8; t++) {
      byte mark = (byte) (t + 1);
      SplittableRandom random = new SplittableRandom(seed + t);
      FutureTask<Long> task =
          new FutureTask<>(
              () -> {
                long taken = 0;
                Deque<BufferPool.Buffer> held = new ArrayDeque<>();
                for (int i = 0; i < 400; i++) {
                  // one at a time in hand while waiting, so that all can go on
                  while (!held.isEmpty() && (held.size() > 1 || random.nextInt(2) == 0)) {
                    check(held.pollFirst(), mark);
                  }
                  if (held.isEmpty()) {
                    BufferPool.Buffer buffer = pool.take(size(random));
                    for (int b = 0; b < buffer.bytes().limit(); b += 509) {
                      buffer.bytes().put(b, mark);
                    }
                    held.add(buffer);
                    taken++;
                  }
                }
                while (!held.isEmpty()) {
                  check(held.pollFirst(), mark);
                }
                return taken;
              });
      tasks.add(task);
      new Thread(task, "taker-" + t).start();
    }
    for (FutureTask<Long> task : tasks) {
      assertTrue(task.get(60, TimeUnit.SECONDS) > 0, "seed " + seed);
    }
    assertEquals(0, pool.bytesOut());
    pool.take(pool.capacity()).close();
  }

  private static int size(SplittableRandom random) {
    return random.nextInt(20) == 0 ? 32 * PIECE : random.nextInt(1, 6 * PIECE);
  }

  private static void check(BufferPool.Buffer buffer, byte mark) {
    for (int b = 0; b < buffer.bytes().limit(); b += 509) {
      assertEquals(mark, buffer.bytes().get(b), "somebody else wrote here");
    }
    buffer.close();
  }

  @Test
  void aLargeRequestIsNotStarvedBySmallOnesThatCameLater() throws Exception {
    BufferPool pool = new BufferPool(4 * PIECE);
    BufferPool.Buffer first = pool.take(PIECE);
    FutureTask<BufferPool.Buffer> large = new FutureTask<>(() -> pool.take(4 * PIECE));
    Thread waiting = new Thread(large, "large");
    waiting.start();
    awaitWaiting(waiting);
    FutureTask<BufferPool.Buffer> small = new FutureTask<>(() -> pool.take(PIECE));
    Thread later = new Thread(small, "small");
    later.start();
    awaitWaiting(later);
    assertFalse(small.isDone(), "there is room, but it is not its turn");
    first.close();
    BufferPool.Buffer whole = large.get(10, TimeUnit.SECONDS);
    assertEquals(4 * PIECE, pool.bytesOut());
    whole.close();
    small.get(10, TimeUnit.SECONDS).close();
    assertEquals(0, pool.bytesOut());
  }

  @Test
  void aWaitThatIsInterruptedLetsTheNextOneOn() throws Exception {
    BufferPool pool = new BufferPool(4 * PIECE);
    BufferPool.Buffer first = pool.take(PIECE);
    CountDownLatch interrupted = new CountDownLatch(1);
    Thread waiting =
        new Thread(
            () -> {
              try {
                pool.take(4 * PIECE).close();
              } catch (InterruptedException e) {
                interrupted.countDown();
              }
            },
            "large");
    waiting.start();
    awaitWaiting(waiting);
    FutureTask<BufferPool.Buffer> small = new FutureTask<>(() -> pool.take(PIECE));
    Thread later = new Thread(small, "small");
    later.start();
    awaitWaiting(later);
    waiting.interrupt();
    small.get(10, TimeUnit.SECONDS).close();
    assertTrue(interrupted.await(10, TimeUnit.SECONDS));
    first.close();
    assertEquals(0, pool.bytesOut());
    pool.take(4 * PIECE).close();
  }

  private static void awaitWaiting(Thread thread) throws InterruptedException {
    long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(10);
    while (thread.getState() != Thread.State.WAITING) {
      assertTrue(System.nanoTime() < end, "it waits");
      Thread.sleep(1);
    }
  }
}
