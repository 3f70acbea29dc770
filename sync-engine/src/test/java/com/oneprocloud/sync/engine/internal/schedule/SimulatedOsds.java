// SPDX-License-Identifier: Apache-2.0
package com.oneprocloud.sync.engine.internal.schedule;

import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.PriorityQueue;
import java.util.SplittableRandom;
import java.util.concurrent.locks.Condition;
import java.util.function.BooleanSupplier;

/**
 * OSDs with a queue each, guests who read 4 KiB from them again and again, and disks that read 2
 * MiB at a pace. Time passes by what happens, all in one thread.
 */
final class SimulatedOsds implements Time {
  static final int READ = 2 << 20;
  private static final int SMALL = 4096;
  private static final int IN_FLIGHT = 16;
  private static final Instant START = Instant.parse("2026-01-01T00:00:00Z");

  private final SplittableRandom random;
  private final Kind kind;

  /** When each thread of each OSD is free. */
  private final long[] free;

  private final PriorityQueue<Event> events = new PriorityQueue<>();
  private long now = 1;
  private long number;
  private int guests;
  private int inFlight;
  private long guestReads;
  private long bytes;
  private double slower = 1;

  /**
   * What the OSDs are.
   *
   * @param osds how many
   * @param fixed nanoseconds that any read takes at least
   * @param varies nanoseconds that it takes beside that, at random up to this many
   * @param perMegabyte nanoseconds for each MiB
   * @param way nanoseconds on the network
   */
  record Kind(int osds, long fixed, long varies, long perMegabyte, long way) {
    static final Kind SSD = new Kind(2, 150_000, 100_000, 2_000_000, 300_000);
    static final Kind HDDS = new Kind(12, 2_000_000, 12_000_000, 7_000_000, 200_000);
  }

  private record Event(long at, long number, Runnable does) implements Comparable<Event> {
    @Override
    public int compareTo(Event other) {
      return at == other.at ? Long.compare(number, other.number) : Long.compare(at, other.at);
    }
  }

  SimulatedOsds(Kind kind, long seed) {
    this.kind = kind;
    this.random = new SplittableRandom(seed);
    this.free = new long[kind.osds];
  }

  @Override
  public long nanos() {
    return now;
  }

  @Override
  public Instant now() {
    return START.plusNanos(now);
  }

  @Override
  public void await(Condition condition, long nanos) {
    long end = now + nanos;
    if (events.isEmpty() || events.peek().at > end) {
      now = end;
    } else {
      next();
    }
  }

  private void next() {
    Event event = events.remove();
    now = event.at;
    event.does.run();
  }

  private void at(long when, Runnable does) {
    events.add(new Event(when, number++, does));
  }

  private void submit(int length, Runnable done) {
    int osd = random.nextInt(free.length);
    double work =
        kind.fixed + random.nextDouble() * kind.varies + kind.perMegabyte * (length / 1048576.0);
    free[osd] = Math.max(now, free[osd]) + (long) (work * slower);
    at(free[osd] + kind.way, done);
  }

  /** From now on so many reads of guests are under way all the time. */
  void guests(int count) {
    int before = guests;
    guests = count;
    for (int i = before; i < count; i++) {
      guest(i);
    }
  }

  private void guest(int index) {
    submit(
        SMALL,
        () -> {
          guestReads++;
          if (index < guests) {
            guest(index);
          }
        });
  }

  /** From now on everything takes so many times as long. */
  void slower(double times) {
    slower = times;
  }

  /** Lets disks read in turn for some seconds; none: the guests are alone. */
  Speed run(double seconds, Pace.Disk... disks) throws InterruptedException {
    long start = now;
    long end = now + (long) (seconds * 1e9);
    long guestsBefore = guestReads;
    long bytesBefore = bytes;
    BooleanSupplier over = () -> now >= end;
    List<Pace.Disk> turns = new ArrayList<>(List.of(disks));
    while (now < end) {
      if (turns.isEmpty() || inFlight == IN_FLIGHT) {
        if (events.isEmpty()) {
          now = end;
        } else {
          next();
        }
        continue;
      }
      Pace.Disk disk = turns.remove(0);
      turns.add(disk);
      disk.before(READ, this::probe, over);
      if (now < end) {
        inFlight++;
        disk.begins(READ);
        submit(
            READ,
            () -> {
              inFlight--;
              bytes += READ;
              disk.ends();
            });
      }
    }
    double passed = (now - start) / 1e9;
    return new Speed((guestReads - guestsBefore) / passed, (bytes - bytesBefore) / passed);
  }

  /**
   * What was done.
   *
   * @param guests reads of guests a second
   * @param bytes bytes a second that disks read
   */
  record Speed(double guests, double bytes) {}

  private void probe() {
    boolean[] done = {false};
    submit(SMALL, () -> done[0] = true);
    while (!done[0]) {
      next();
    }
  }
}
