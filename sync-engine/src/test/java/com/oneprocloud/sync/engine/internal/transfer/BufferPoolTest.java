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
import java.util.Queue;
import java.util.SplittableRandom;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class BufferPoolTest {
  private static final int PIECE = BufferPool.MIN_BYTES;

  @RegisterExtension final LeakCheck leaks = new LeakCheck();

  @Test
  void roundsItsSizeDown() {
    assertEquals(PIECE, new BufferPool(1).capacity());
    assertEquals(4 * PIECE, new BufferPool(8 * PIECE - 1).capacity());
    assertEquals(48 << 20, new BufferPool((50 << 20) - 1, 4).capacity());
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

  /**
   * Some take all they can get and give nothing back, while others come and go; after that there is
   * room for each of the others at the same time.
   */
  @ParameterizedTest
  @CsvSource({"32, 4, 3", "32, 8, 5", "1, 4, 3", "16, 3, 1"})
  void whoHoldsNothingFindsRoomWhateverOthersHold(int mib, int users, int hogs) throws Exception {
    long seed = RandomWorkload.seed();
    BufferPool pool = new BufferPool(mib << 20, users);
    int largest = pool.allotment().largest();
    List<Thread> stuck = new ArrayList<>();
    Queue<BufferPool.Buffer> kept = new ConcurrentLinkedQueue<>();
    for (int hog = 0; hog < hogs; hog++) {
      SplittableRandom random = new SplittableRandom(seed + hog);
      BufferPool.Allotment allotment = pool.allotment();
      Thread thread =
          new Thread(
              () -> {
                try {
                  while (true) {
                    kept.add(allotment.take(random.nextInt(1, largest + 1)));
                  }
                } catch (InterruptedException e) {
                  // it was let go
                }
              },
              "hog-" + hog);
      thread.start();
      stuck.add(thread);
    }
    List<BufferPool.Buffer> held = new ArrayList<>();
    try {
      SplittableRandom random = new SplittableRandom(seed - 1);
      List<BufferPool.Allotment> others = new ArrayList<>();
      for (int i = hogs; i < users; i++) {
        others.add(pool.allotment());
      }
      for (int i = 0; i < 200; i++) {
        for (BufferPool.Allotment other : others) {
          held.add(take(other, random.nextInt(1, largest + 1), seed));
        }
        held.forEach(BufferPool.Buffer::close);
        held.clear();
      }
      for (Thread thread : stuck) {
        awaitWaiting(thread);
      }
      for (BufferPool.Allotment other : others) {
        held.add(take(other, largest, seed));
      }
    } finally {
      for (Thread thread : stuck) {
        thread.interrupt();
        thread.join();
      }
    }
    held.addAll(kept);
    held.forEach(BufferPool.Buffer::close);
    assertEquals(0, pool.bytesOut());
  }

  private static BufferPool.Buffer take(BufferPool.Allotment allotment, int bytes, long seed)
      throws Exception {
    FutureTask<BufferPool.Buffer> take = new FutureTask<>(() -> allotment.take(bytes));
    Thread thread = new Thread(take, "other");
    thread.start();
    try {
      return take.get(10, TimeUnit.SECONDS);
    } catch (TimeoutException e) {
      thread.interrupt();
      throw new AssertionError("no room, with -Dsync.seed=" + seed, e);
    }
  }

  @Test
  void halfIsForAnybodyHoweverManyThereMayBe() throws Exception {
    BufferPool pool = new BufferPool(1 << 20, 1000);
    BufferPool.Allotment one = pool.allotment();
    List<BufferPool.Buffer> held = new ArrayList<>();
    while (pool.bytesOut() < 512 << 10) {
      held.add(one.take(one.largest()));
    }
    FutureTask<BufferPool.Buffer> more = new FutureTask<>(() -> one.take(PIECE));
    Thread waiting = new Thread(more, "more");
    waiting.start();
    awaitWaiting(waiting);
    held.remove(0).close();
    held.add(more.get(10, TimeUnit.SECONDS));
    held.forEach(BufferPool.Buffer::close);
    assertEquals(0, pool.bytesOut());
  }

  @Test
  void aReadIsNotCutSmallForTheSakeOfManyUsers() {
    assertEquals(2 << 20, new BufferPool(48 << 20, 4).allotment().largest());
    assertEquals(1 << 20, new BufferPool(32 << 20, 16).allotment().largest());
    assertEquals(512 << 10, new BufferPool(32 << 20, 1000).allotment().largest());
    assertEquals(64 << 10, new BufferPool(1 << 20, 1000).allotment().largest());
  }

  private static void awaitWaiting(Thread thread) throws InterruptedException {
    long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(10);
    while (thread.getState() != Thread.State.WAITING) {
      assertTrue(System.nanoTime() < end, "it waits");
      Thread.sleep(1);
    }
  }
}
