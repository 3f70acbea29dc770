// SPDX-License-Identifier: Apache-2.0
package com.oneprocloud.sync.engine.internal.schedule;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.oneprocloud.sync.api.tck.LeakCheck;
import com.oneprocloud.sync.api.tck.RandomWorkload;
import com.oneprocloud.sync.engine.Limits;
import com.oneprocloud.sync.engine.RateLimit;
import java.math.BigInteger;
import java.time.Duration;
import java.time.Instant;
import java.time.LocalTime;
import java.time.ZoneId;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.Condition;
import org.junit.jupiter.api.RepeatedTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;

@Timeout(value = 60, unit = TimeUnit.SECONDS, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class PaceTest {
  private static final ZoneId PARIS = ZoneId.of("Europe/Paris");

  /** The day before the clocks there go from 02:00 to 03:00. */
  private static final Instant SPRING = Instant.parse("2026-03-28T00:00:00Z");

  @RegisterExtension final LeakCheck leaks = new LeakCheck();

  @Test
  void windowsFollowTheClocksOfTheirZone() {
    RateLimit limit = RateLimit.of(7).during(LocalTime.of(22, 0), LocalTime.of(2, 30), PARIS, 0);
    assertEquals(7, limit.at(Instant.parse("2026-01-01T20:59:59Z")));
    assertEquals(0, limit.at(Instant.parse("2026-01-01T21:00:00Z")));
    assertEquals(0, limit.at(Instant.parse("2026-01-02T01:29:59Z")));
    assertEquals(7, limit.at(Instant.parse("2026-01-02T01:30:00Z")));
    assertEquals(
        Instant.parse("2026-03-29T01:00:00Z"),
        limit.nextChange(Instant.parse("2026-03-28T21:00:00Z")),
        "half past two is skipped");
    assertEquals(7, limit.at(Instant.parse("2026-03-29T01:00:00Z")));
    Instant twice = Instant.parse("2026-10-25T00:30:00Z");
    assertEquals(7, limit.at(twice));
    assertEquals(Instant.parse("2026-10-25T01:00:00Z"), limit.nextChange(twice));
    assertEquals(0, limit.at(Instant.parse("2026-10-25T01:00:00Z")), "two o'clock again");
    assertEquals(7, limit.at(Instant.parse("2026-10-25T01:30:00Z")));
  }

  /** Against a model that goes by the second, over the change of the clocks and many midnights. */
  @RepeatedTest(10)
  void theBucketIsExact() {
    long seed = RandomWorkload.seed();
    SplittableRandom random = new SplittableRandom(seed);
    RateLimit limit = RateLimit.of(rate(random));
    for (int i = random.nextInt(4); i > 0; i--) {
      LocalTime from = LocalTime.of(random.nextInt(24), random.nextInt(60));
      LocalTime to = from.plusMinutes(random.nextInt(1, 1440));
      limit = limit.during(from, to, PARIS, rate(random));
    }
    BigInteger balance = BigInteger.ZERO;
    TokenBucket bucket = new TokenBucket(limit, -5, SPRING);
    long second = 0;
    for (int step = 0; step < 400; step++) {
      long until = second + (random.nextInt(4) == 0 ? random.nextInt(40_000) : random.nextInt(5));
      for (; second < until; second++) {
        long rate = limit.at(SPRING.plusSeconds(second));
        BigInteger most = rate == RateLimit.UNLIMITED ? BigInteger.ZERO : tenth(rate);
        balance =
            rate == RateLimit.UNLIMITED
                ? BigInteger.ZERO
                : balance.add(tenth(rate).multiply(BigInteger.TEN)).min(most);
      }
      Instant now = SPRING.plusSeconds(second);
      long rate = limit.at(now);
      balance = rate == RateLimit.UNLIMITED ? BigInteger.ZERO : balance.min(tenth(rate));
      long bytes = random.nextLong(1, 4 << 20);
      long wait = bucket.take(bytes, second * 1_000_000_000 - 5, now);
      boolean taken = rate == RateLimit.UNLIMITED || balance.signum() > 0;
      assertEquals(taken, wait == 0, "-Dsync.seed=" + seed + ", " + limit + " at " + now);
      if (taken && rate != RateLimit.UNLIMITED) {
        balance = balance.subtract(BigInteger.valueOf(bytes * 1_000_000_000));
      }
    }
  }

  private static BigInteger tenth(long rate) {
    return BigInteger.valueOf(rate).multiply(BigInteger.valueOf(100_000_000));
  }

  private static long rate(SplittableRandom random) {
    return switch (random.nextInt(5)) {
      case 0 -> 0;
      case 1 -> RateLimit.UNLIMITED;
      case 2 -> RateLimit.FASTEST;
      default -> random.nextLong(1, 10_000_000);
    };
  }

  /** Time that passes by waiting only. */
  private static final class Waited implements Time {
    long nanos;

    @Override
    public long nanos() {
      return nanos;
    }

    @Override
    public Instant now() {
      return SPRING.plusNanos(nanos);
    }

    @Override
    public void await(Condition condition, long wait) {
      assertTrue(wait > 0);
      nanos += wait;
    }
  }

  @Test
  void readsTakeAsLongAsTheRateSays() throws InterruptedException {
    Waited time = new Waited();
    Pace.Disk disk = new Pace(Limits.none().withRate(RateLimit.of(1000)), time).disk();
    for (int i = 0; i < 11; i++) {
      disk.before(5000, () -> false);
    }
    assertEquals(50, time.nanos / 1_000_000_000);
    disk.before(5000, () -> true);
    assertEquals(50, time.nanos / 1_000_000_000, "it is over");
  }

  @Test
  void thePauseIsMadeForEachMegabyte() throws InterruptedException {
    Waited time = new Waited();
    Limits limits = Limits.none().withPausePerMegabyte(Duration.ofMillis(3));
    Pace.Disk disk = new Pace(limits, time).disk();
    for (int i = 0; i <= 100; i++) {
      disk.before(50_000, () -> false);
    }
    assertEquals(Duration.ofNanos(14 * 7 * 150_000), Duration.ofNanos(time.nanos));
    Waited other = new Waited();
    disk = new Pace(limits, other).disk();
    for (int i = 0; i <= 10; i++) {
      disk.before(500_000, () -> false);
    }
    assertEquals(Duration.ofMillis(15), Duration.ofNanos(other.nanos));
  }

  /** Time that passes only when all disks wait, so that each always waits for its next read. */
  private static final class AllWait implements Time {
    Pace pace;
    final int disks;
    long nanos;

    AllWait(int disks) {
      this.disks = disks;
    }

    @Override
    public long nanos() {
      if (pace != null && pace.waitingNow() == disks) {
        nanos += 1_000_000_000;
      }
      return nanos;
    }

    @Override
    public Instant now() {
      return SPRING;
    }

    // the loop is the caller's
    @SuppressWarnings("WaitNotInLoop")
    @Override
    public void await(Condition condition, long wait) throws InterruptedException {
      boolean unused = condition.await(1, TimeUnit.MICROSECONDS);
    }
  }

  @Test
  void disksThatWaitGetAsMuchAsEachOther() throws Exception {
    int[] largest = {20_000, 320_000, 80_000};
    AllWait time = new AllWait(largest.length);
    Pace pace = new Pace(Limits.none().withRate(RateLimit.of(10_000)), time);
    time.pace = pace;
    long[] bytes = new long[largest.length];
    List<FutureTask<Void>> tasks = new ArrayList<>();
    long seed = RandomWorkload.seed();
    for (int i = 0; i < largest.length; i++) {
      int disk = i;
      SplittableRandom random = new SplittableRandom(seed + i);
      FutureTask<Void> task =
          new FutureTask<>(
              () -> {
                Pace.Disk mine = pace.disk();
                int read = largest[disk];
                while (!over(bytes)) {
                  mine.before(read, () -> over(bytes));
                  add(bytes, disk, read, largest, seed);
                  read = random.nextInt(largest[disk] / 2, largest[disk] + 1);
                }
                return null;
              });
      tasks.add(task);
      new Thread(task, "disk-" + i).start();
    }
    for (FutureTask<Void> task : tasks) {
      task.get(50, TimeUnit.SECONDS);
    }
  }

  private static boolean over(long[] bytes) {
    synchronized (bytes) {
      return bytes[0] > 2_000_000;
    }
  }

  private static void add(long[] bytes, int disk, int read, int[] largest, long seed) {
    synchronized (bytes) {
      if (bytes[0] > 2_000_000) {
        return;
      }
      bytes[disk] += read;
      for (int i = 0; i < bytes.length; i++) {
        for (int j = 0; j < bytes.length; j++) {
          assertTrue(
              bytes[i] - bytes[j] <= largest[i] + largest[j],
              "-Dsync.seed=" + seed + ": " + bytes[i] + " beside " + bytes[j]);
        }
      }
    }
  }
}
