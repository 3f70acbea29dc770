// SPDX-License-Identifier: Apache-2.0
package com.oneprocloud.sync.engine.internal.schedule;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
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
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;
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

  private static final Pace.Probe NO_PROBE = () -> {};

  private static final Lane LANE = new Lane("server", "vms");

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
    Pace.Disk disk = new Pace(Limits.none().withRate(RateLimit.of(1000)), time).disk(LANE);
    for (int i = 0; i < 11; i++) {
      disk.before(5000, NO_PROBE, () -> false);
    }
    assertEquals(50, time.nanos / 1_000_000_000);
    disk.before(5000, NO_PROBE, () -> true);
    assertEquals(50, time.nanos / 1_000_000_000, "it is over");
  }

  @Test
  void thePauseIsMadeForEachMegabyte() throws InterruptedException {
    Waited time = new Waited();
    Limits limits = Limits.none().withPausePerMegabyte(Duration.ofMillis(3));
    Pace.Disk disk = new Pace(limits, time).disk(LANE);
    for (int i = 0; i <= 100; i++) {
      disk.before(50_000, NO_PROBE, () -> false);
    }
    assertEquals(Duration.ofNanos(14 * 7 * 150_000), Duration.ofNanos(time.nanos));
    Waited other = new Waited();
    disk = new Pace(limits, other).disk(LANE);
    for (int i = 0; i <= 10; i++) {
      disk.before(500_000, NO_PROBE, () -> false);
    }
    assertEquals(Duration.ofMillis(15), Duration.ofNanos(other.nanos));
  }

  /**
   * Time that passes only when all disks wait and each has seen that it has to, so that each always
   * waits for its next read.
   */
  private static final class AllWait implements Time {
    private final int disks;
    private final long step;
    private final Set<Thread> waiting = new HashSet<>();
    private final AtomicLong nanos = new AtomicLong();

    AllWait(int disks, long step) {
      this.disks = disks;
      this.step = step;
    }

    @Override
    public long nanos() {
      return nanos.get();
    }

    @Override
    public Instant now() {
      return SPRING;
    }

    // the loop is the caller's
    @SuppressWarnings("WaitNotInLoop")
    @Override
    public void await(Condition condition, long wait) throws InterruptedException {
      waiting.add(Thread.currentThread());
      if (waiting.size() == disks) {
        waiting.clear();
        nanos.addAndGet(step);
      }
      boolean unused = condition.await(1, TimeUnit.MICROSECONDS);
    }
  }

  @Test
  void disksThatWaitGetAsMuchAsEachOther() throws Exception {
    int[] largest = {20_000, 320_000, 80_000};
    AllWait time = new AllWait(largest.length, 1_000_000_000);
    Pace pace = new Pace(Limits.none().withRate(RateLimit.of(10_000)), time);
    long[] bytes = new long[largest.length];
    List<FutureTask<Void>> tasks = new ArrayList<>();
    long seed = RandomWorkload.seed();
    for (int i = 0; i < largest.length; i++) {
      int disk = i;
      SplittableRandom random = new SplittableRandom(seed + i);
      FutureTask<Void> task =
          new FutureTask<>(
              () -> {
                Pace.Disk mine = pace.disk(LANE);
                int read = largest[disk];
                while (!over(bytes)) {
                  mine.before(read, NO_PROBE, () -> over(bytes));
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

  /** What disks have in common, by a model of its own: how much they are ahead of their rate. */
  private static final class Group {
    final String name;
    final long rate;
    final long most;
    double ahead;
    long at;
    long bytes;

    /**
     * A group.
     *
     * @param reads how many of the largest reads may be under way between its line and the last
     */
    Group(String name, long rate, int reads) {
      this.name = name;
      this.rate = rate;
      this.most = rate / 10 + (long) reads * LARGEST;
    }

    void begins(int read, long nanos, long seed) {
      ahead = Math.max(0, ahead - (nanos - at) * (rate / 1e9)) + read;
      at = nanos;
      bytes += read;
      assertTrue(
          ahead <= most + 1,
          () -> "-Dsync.seed=" + seed + ": " + name + " is " + ahead + " ahead of " + most);
    }

    @Override
    public String toString() {
      return name + " at " + rate + ": " + bytes;
    }

    /** How much of what it may read it has read, when each of its disks always wants to. */
    double used(long nanos) {
      return bytes / (rate / 1e9 * nanos);
    }
  }

  private static final int LARGEST = 4000;
  private static final long TEN_SECONDS = 10_000_000_000L;

  /**
   * Disks of random servers and pools, all of which always want to read: no server, no pool and not
   * all of them together get more than their rate, and every disk is held back by a rate that is
   * used up.
   */
  @RepeatedTest(5)
  void theRatesOfServersPoolsAndAllAreHeldToAndUsedUp() throws Exception {
    long seed = RandomWorkload.seed();
    SplittableRandom random = new SplittableRandom(seed);
    int disks = random.nextInt(2, 9);
    long rate = random.nextInt(100_000, 400_000);
    long serverRate = random.nextInt(40_000, 200_000);
    Limits limits =
        Limits.none().withRate(RateLimit.of(rate)).withServerRate(RateLimit.of(serverRate));
    List<Group> pools = new ArrayList<>();
    for (int pool = 0; pool < 3; pool++) {
      pools.add(new Group("pool " + pool, random.nextInt(40_000, 200_000), disks + 1));
      limits = limits.withPoolRate("pool " + pool, RateLimit.of(pools.get(pool).rate));
    }
    Group all = new Group("all", rate, 1);
    List<Group> servers = new ArrayList<>();
    for (int server = 0; server < 3; server++) {
      servers.add(new Group("server " + server, serverRate, disks + 1));
    }
    AllWait time = new AllWait(disks, 1_000_000);
    Pace pace = new Pace(limits, time);
    List<List<Group>> groups = new ArrayList<>();
    List<FutureTask<Void>> tasks = new ArrayList<>();
    for (int i = 0; i < disks; i++) {
      List<Group> mine = List.of(servers.get(random.nextInt(3)), pools.get(random.nextInt(3)), all);
      groups.add(mine);
      SplittableRandom reads = random.split();
      int largest = random.nextInt(LARGEST / 8, LARGEST + 1);
      FutureTask<Void> task =
          new FutureTask<>(
              () -> {
                try (Pace.Disk disk = pace.disk(new Lane(mine.get(0).name, mine.get(1).name))) {
                  while (time.nanos() < TEN_SECONDS) {
                    int read = reads.nextInt(1, largest + 1);
                    disk.before(read, NO_PROBE, () -> time.nanos() >= TEN_SECONDS);
                    synchronized (groups) {
                      if (time.nanos() < TEN_SECONDS) {
                        mine.forEach(it -> it.begins(read, time.nanos(), seed));
                      }
                    }
                  }
                }
                return null;
              });
      tasks.add(task);
      new Thread(task, "disk-" + i).start();
    }
    for (FutureTask<Void> task : tasks) {
      task.get(50, TimeUnit.SECONDS);
    }
    for (List<Group> mine : groups) {
      double used = mine.stream().mapToDouble(it -> it.used(TEN_SECONDS)).max().orElseThrow();
      assertTrue(used > 0.95, () -> "-Dsync.seed=" + seed + ": only " + used + " of " + groups);
    }
    assertEquals(0, pace.serversNow(), "nothing is kept of servers whose disks are closed");
  }

  @Test
  void aDiskThatWaitsForItsPoolOrServerKeepsNobodyElseWaiting() throws Exception {
    Limits limits =
        Limits.none().withRate(RateLimit.of(1_000_000_000)).withPoolRate("slow", RateLimit.of(0));
    Pace pace = new Pace(limits);
    AtomicBoolean over = new AtomicBoolean();
    FutureTask<Void> held =
        new FutureTask<>(
            () -> {
              try (Pace.Disk disk = pace.disk(new Lane("one", "slow"))) {
                disk.before(1000, NO_PROBE, over::get);
              }
              return null;
            });
    Thread waits = new Thread(held, "held back");
    waits.start();
    while (waits.getState() != Thread.State.TIMED_WAITING) {
      Thread.onSpinWait();
    }
    try (Pace.Disk disk = pace.disk(new Lane("one", "vms"))) {
      for (int i = 0; i < 100; i++) {
        disk.before(100_000, NO_PROBE, () -> false);
      }
    }
    assertFalse(held.isDone());
    over.set(true);
    held.get(10, TimeUnit.SECONDS);
  }
}
