// SPDX-License-Identifier: Apache-2.0
package com.oneprocloud.sync.engine.internal.schedule;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.oneprocloud.sync.api.tck.LeakCheck;
import com.oneprocloud.sync.api.tck.RandomWorkload;
import com.oneprocloud.sync.engine.Adaptive;
import com.oneprocloud.sync.engine.Limits;
import com.oneprocloud.sync.engine.RateLimit;
import com.oneprocloud.sync.engine.internal.schedule.SimulatedOsds.Kind;
import com.oneprocloud.sync.engine.internal.schedule.SimulatedOsds.Speed;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.RepeatedTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;

@Timeout(value = 60, unit = TimeUnit.SECONDS, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class AdaptiveRateTest {
  private static final Lane LANE = new Lane("server", "vms");
  private static final Adaptive ON = Adaptive.enabled();
  private static final long SECOND = 1_000_000_000;

  @RegisterExtension final LeakCheck leaks = new LeakCheck();

  private final long seed = RandomWorkload.seed();
  private final String told = "-Dsync.seed=" + seed + ": ";

  private static Pace pace(SimulatedOsds osds) {
    return new Pace(Limits.none().withAdaptive(ON), osds);
  }

  private double alone(Kind kind) throws InterruptedException {
    SimulatedOsds osds = new SimulatedOsds(kind, seed);
    return osds.run(20, new Pace(Limits.none(), osds).disk(LANE)).bytes();
  }

  @RepeatedTest(5)
  void aloneItIsNearlyAsFastAsWithout() throws InterruptedException {
    for (Kind kind : List.of(Kind.SSD, Kind.HDDS)) {
      SimulatedOsds osds = new SimulatedOsds(kind, seed);
      Pace.Disk disk = pace(osds).disk(LANE);
      osds.run(10, disk);
      double speed = osds.run(60, disk).bytes() / alone(kind);
      assertTrue(speed >= 0.85, () -> told + kind + " " + speed);
    }
  }

  @RepeatedTest(5)
  void guestsKeepTheirReadsAndAfterThemItIsFastAgain() throws InterruptedException {
    Kind kind = Kind.SSD;
    SimulatedOsds osds = new SimulatedOsds(kind, seed);
    osds.guests(8);
    double undisturbed = osds.run(5).guests();
    osds.guests(0);
    osds.run(1);
    Pace.Disk off = new Pace(Limits.none(), osds).disk(LANE);
    osds.guests(8);
    double without = osds.run(5, off).guests() / undisturbed;
    osds.guests(0);
    Pace pace = pace(osds);
    Pace.Disk disk = pace.disk(LANE);
    osds.run(20, disk);
    osds.guests(8);
    osds.run(5, disk);
    Speed beside = osds.run(30, disk);
    double kept = beside.guests() / undisturbed;
    assertTrue(without < 0.5, () -> told + "without it guests keep " + without);
    assertTrue(kept > 0.8, () -> told + "guests keep " + kept);
    assertTrue(beside.bytes() > ON.floor(), () -> told + "moved on by " + beside.bytes());
    osds.guests(0);
    osds.run(10, disk);
    double again = osds.run(20, disk).bytes() / alone(kind);
    assertTrue(again >= 0.85, () -> told + "after the guests " + again);
  }

  @Test
  void theFloorIsHeldAndAClusterThatStaysSlowerIsNoReasonForEver() throws InterruptedException {
    SimulatedOsds osds = new SimulatedOsds(Kind.SSD, seed);
    Pace pace = pace(osds);
    Pace.Disk disk = pace.disk(LANE);
    osds.run(20, disk);
    osds.slower(4);
    for (int i = 0; i < 20; i++) {
      double speed = osds.run(5, disk).bytes();
      assertTrue(pace.allowed().get("vms") >= ON.floor());
      assertTrue(speed > 0.9 * ON.floor(), () -> told + speed);
    }
    assertTrue(pace.allowed().get("vms") <= ON.floor() * Adaptation.TRIED);
    osds.run(3700, disk);
    double speed = osds.run(20, disk).bytes() / (alone(Kind.SSD) / 4);
    assertTrue(speed >= 0.85, () -> told + speed);
  }

  @Test
  void disksOfAPoolShareItsRateAndThoseOfAnotherAreLeftAlone() throws InterruptedException {
    SimulatedOsds busy = new SimulatedOsds(Kind.SSD, seed);
    Pace pace = pace(busy);
    Pace.Disk one = pace.disk(LANE);
    Pace.Disk two = pace.disk(new Lane("other", "vms"));
    busy.run(20, one, two);
    busy.guests(8);
    busy.run(10, one, two);
    // long enough for the tries of more than the floor to even out
    double both = busy.run(1000, one, two).bytes();
    double single = busy.run(1000, one).bytes();
    assertTrue(both < single * 1.5, () -> told + both + " beside " + single);
    busy.guests(0);
    busy.run(1);
    Map<String, Long> before = pace.allowed();
    busy.run(10, pace.disk(new Lane("server", "volumes")));
    assertEquals(before.get("vms"), pace.allowed().get("vms"));
    assertTrue(pace.allowed().get("volumes") > 20 * ON.floor(), () -> told + pace.allowed());
  }

  /** What a look tells must not depend on reads that others of us make meanwhile. */
  @Test
  void aLookIntoWhichAReadOfOursCameDoesNotCount() throws InterruptedException {
    SimulatedOsds osds = new SimulatedOsds(Kind.SSD, seed);
    Pace pace = pace(osds);
    Pace.Disk disk = pace.disk(LANE);
    osds.run(10, disk);
    long before = pace.allowed().get("vms");
    osds.run(2);
    int[] reads = {0};
    disk.before(
        1,
        () -> {
          reads[0]++;
          disk.begins(1);
          osds.run(0.1);
          disk.ends();
        },
        () -> false);
    assertEquals(AdaptiveRate.READS + 1, reads[0]);
    assertEquals(before, pace.allowed().get("vms"));
    osds.run(1);
    reads[0] = 0;
    disk.before(
        1,
        () -> {
          if (reads[0]++ == 0) {
            disk.begins(1);
          }
          osds.run(0.1);
        },
        () -> false);
    disk.ends();
    assertEquals(AdaptiveRate.READS + 1, reads[0]);
    assertEquals(before, pace.allowed().get("vms"), "one that is under way all the time");
    osds.run(1);
    disk.before(1, () -> osds.run(0.1), () -> false);
    assertEquals(ON.floor(), pace.allowed().get("vms"), "one that is far too slow acts at once");
  }

  @Test
  void aLookIsNotMadeWhileAReadOfOursIsUnderWay() throws InterruptedException {
    SimulatedOsds osds = new SimulatedOsds(Kind.SSD, seed);
    Pace.Disk disk = pace(osds).disk(LANE);
    disk.begins(1);
    int[] reads = {0};
    disk.before(1, () -> reads[0]++, () -> false);
    assertEquals(0, reads[0]);
    disk.ends();
    osds.run(1);
    disk.before(1, () -> reads[0]++, () -> false);
    assertEquals(AdaptiveRate.READS + 1, reads[0]);
  }

  @Test
  void switchedOffNothingIsProbed() throws InterruptedException {
    SimulatedOsds osds = new SimulatedOsds(Kind.SSD, seed);
    Pace pace = new Pace(Limits.none().withAdaptive(ON.withOn(false)), osds);
    pace.disk(LANE).before(1, () -> assertFalse(true, "probed"), () -> false);
    assertEquals(Map.of(), pace.allowed());
  }

  @Test
  void whoWaitsForALookCanBeInterruptedAndCancelled() throws Exception {
    Pace pace = new Pace(Limits.none().withAdaptive(ON));
    CountDownLatch probing = new CountDownLatch(1);
    CountDownLatch release = new CountDownLatch(1);
    FutureTask<Void> looks =
        task(
            () ->
                pace.disk(LANE)
                    .before(
                        1,
                        () -> {
                          probing.countDown();
                          release.await();
                          throw new IllegalStateException("the read failed");
                        },
                        () -> false));
    start(looks);
    probing.await();
    AtomicBoolean over = new AtomicBoolean();
    FutureTask<Void> cancelled = task(() -> pace.disk(LANE).before(1, () -> {}, over::get));
    FutureTask<Void> interrupted = task(() -> pace.disk(LANE).before(1, () -> {}, () -> false));
    FutureTask<Void> waits = task(() -> pace.disk(LANE).before(1, () -> {}, () -> false));
    Thread cancels = start(cancelled);
    Thread interrupts = start(interrupted);
    Thread stays = start(waits);
    for (Thread thread : List.of(cancels, interrupts, stays)) {
      while (thread.getState() != Thread.State.TIMED_WAITING) {
        Thread.onSpinWait();
      }
    }
    over.set(true);
    cancelled.get(10, TimeUnit.SECONDS);
    interrupts.interrupt();
    Throwable why =
        assertThrows(ExecutionException.class, () -> interrupted.get(10, TimeUnit.SECONDS));
    assertEquals(InterruptedException.class, why.getCause().getClass());
    assertFalse(waits.isDone());
    release.countDown();
    why = assertThrows(ExecutionException.class, () -> looks.get(10, TimeUnit.SECONDS));
    assertEquals("the read failed", why.getCause().getMessage());
    waits.get(10, TimeUnit.SECONDS);
  }

  private interface Waits {
    void run() throws InterruptedException;
  }

  private static FutureTask<Void> task(Waits waits) {
    return new FutureTask<>(
        () -> {
          waits.run();
          return null;
        });
  }

  private static Thread start(FutureTask<Void> task) {
    Thread thread = new Thread(task, "disk");
    thread.start();
    return thread;
  }

  /** Random times, pauses and speeds: what must hold whatever happens. */
  @RepeatedTest(10)
  void theRateKeepsItsBounds() {
    SplittableRandom random = new SplittableRandom(seed);
    Adaptive settings = ON.withFloor(random.nextLong(1_000_000, RateLimit.FASTEST));
    Adaptation adaptation = new Adaptation(settings, 0);
    long now = 0;
    long low = 0;
    for (int i = 0; i < 5000; i++) {
      long pause = random.nextInt(50) == 0 ? random.nextLong(4000 * SECOND) : SECOND / 2;
      now += pause;
      long before = adaptation.rate();
      long took = random.nextLong(1, random.nextBoolean() ? 1_000_000 : 100_000_000);
      double used = before * random.nextDouble();
      adaptation.look(took, used, now);
      long rate = adaptation.rate();
      String at = told + settings + " look " + i + ": " + before + " to " + rate;
      assertTrue(rate >= settings.floor() && rate <= RateLimit.FASTEST, at);
      long start = Math.min(RateLimit.FASTEST, settings.floor() * Adaptation.TRIED);
      boolean leaps = pause >= Adaptation.REST || before == settings.floor();
      assertTrue(rate <= before * 2 || (leaps && rate <= 2 * start), at);
      assertTrue(
          rate <= before || used >= before / 2.0 || leaps, () -> at + ", it was not used up");
      // it counts from the look that found the rate at the floor
      low = before > settings.floor() || rate > settings.floor() ? now : low;
      assertTrue(now - low <= Adaptation.TRY + pause, at + ": no more is tried");
    }
  }

  @Test
  void afterAPauseItStartsAnewAndKnowsTheQuietCluster() {
    Adaptation adaptation = new Adaptation(ON, 0);
    long now = 0;
    for (int i = 0; i < 30; i++) {
      now += SECOND / 2;
      adaptation.look(1_000_000, (double) adaptation.rate(), now);
    }
    assertEquals(RateLimit.FASTEST, adaptation.rate());
    now += Adaptation.REST;
    adaptation.look(1_100_000, 0, now);
    assertEquals(ON.floor() * Adaptation.TRIED, adaptation.rate());
    now += SECOND / 2;
    adaptation.look(2_500_000, (double) adaptation.rate(), now);
    assertEquals(ON.floor() * Adaptation.TRIED * 2, adaptation.rate(), "one look is forgiven");
    now += SECOND / 2;
    adaptation.look(2_500_000, (double) adaptation.rate(), now);
    assertEquals(ON.floor() * Adaptation.TRIED, adaptation.rate());
  }

  @Test
  void oneLookThatIsALittleTooSlowIsForgiven() {
    Adaptation adaptation = new Adaptation(ON, 0);
    for (int i = 1; i <= 20; i++) {
      adaptation.look(1_000_000, 0, i * SECOND);
    }
    long before = adaptation.rate();
    adaptation.look(1_900_000, 1e12, 21 * SECOND);
    assertEquals(before * 2, adaptation.rate());
    adaptation.look(1_900_000, 1e12, 22 * SECOND);
    assertEquals(before, adaptation.rate(), "the second is not");
  }

  @Test
  void aBucketThatIsSlowedKeepsItsDebt() {
    TokenBucket bucket = new TokenBucket(RateLimit.of(1_000_000), 0, Instant.EPOCH);
    assertEquals(0, bucket.take(500_000, SECOND, Instant.EPOCH));
    bucket.limit(RateLimit.of(100_000), SECOND, Instant.EPOCH);
    long wait = bucket.take(1, SECOND, Instant.EPOCH);
    assertEquals(4.0, wait / 1e9, 0.001);
  }
}
