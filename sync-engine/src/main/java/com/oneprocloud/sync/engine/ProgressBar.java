// SPDX-License-Identifier: Apache-2.0
package com.oneprocloud.sync.engine;

import com.oneprocloud.sync.api.DiskPlan;
import com.oneprocloud.sync.api.DiskProgress;
import com.oneprocloud.sync.api.DiskReport;
import com.oneprocloud.sync.api.SyncListener;
import com.oneprocloud.sync.api.SyncPlan;
import com.oneprocloud.sync.api.chain.ChainId;
import com.oneprocloud.sync.engine.internal.progress.DiskRow;
import com.oneprocloud.sync.engine.internal.progress.Look;
import java.io.PrintStream;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.function.LongSupplier;

/**
 * Shows a run to a person: for each disk its phase, a bar, bytes moved, rate and time left. On a
 * terminal the lines of the disks under way are drawn again in place, and one line stays for each
 * disk that is done; elsewhere a plain line for each disk is printed every few seconds.
 *
 * <p>One bar can listen to several runs at a time. Thread-safe; starts no thread, and never fails a
 * run: a stream that cannot be written to makes it silent.
 */
public final class ProgressBar implements SyncListener {
  private static final Duration LINE_INTERVAL = Duration.ofSeconds(5);
  private static final long FRAME_NANOS = 60_000_000;

  /** So that the lines fit the smallest terminals: a cursor cannot go up beyond the screen. */
  private static final int MOST_ROWS = 8;

  private final PrintStream out;
  private final Look look;
  private final long interval;
  private final LongSupplier clock;
  private final Map<ChainId, Shown> rows = new LinkedHashMap<>();
  private int drawn;
  private long drawnAt;
  private boolean silent;

  ProgressBar(PrintStream out, Look look, Duration interval, LongSupplier clock) {
    this.out = Objects.requireNonNull(out, "out");
    this.look = look;
    this.interval = interval.toNanos();
    this.clock = clock;
    this.drawnAt = clock.getAsLong() - FRAME_NANOS;
  }

  /**
   * A bar that finds out what a stream can show. Lines are redrawn if it is {@code System.out} or
   * {@code System.err}, goes to a terminal, and {@code TERM} is set to other than {@code dumb};
   * {@code COLUMNS} (default 80) tells the width, {@code NO_COLOR} turns colours off. Terminals are
   * known on Linux only; elsewhere there is {@link #redrawn}.
   */
  public static ProgressBar on(PrintStream out) {
    return new ProgressBar(out, Look.of(out), LINE_INTERVAL, System::nanoTime);
  }

  /**
   * A bar for a terminal that {@link #on} cannot know, with ANSI control sequences.
   *
   * @param out the stream, which must encode as UTF-8
   * @param columns characters to a line, 20 or more
   */
  public static ProgressBar redrawn(PrintStream out, int columns) {
    return new ProgressBar(
        out, new Look(true, true, true, columns), LINE_INTERVAL, System::nanoTime);
  }

  /**
   * A bar for a log: plain lines without control sequences.
   *
   * @param out the stream
   * @param interval the least time between two lines about a disk
   */
  public static ProgressBar lines(PrintStream out, Duration interval) {
    if (interval.isNegative()) {
      throw new IllegalArgumentException("interval is negative: " + interval);
    }
    return new ProgressBar(out, new Look(false, false, false, 80), interval, System::nanoTime);
  }

  @Override
  public void runStarted(SyncPlan plan) {
    show(() -> plan.disks().forEach(this::row));
  }

  @Override
  public void phaseStarted(DiskPlan disk, Phase phase) {
    show(
        () -> {
          row(disk).row.enter(phase, clock.getAsLong());
          if (look.redraws()) {
            draw(false, List.of());
          }
        });
  }

  @Override
  public void progressed(DiskPlan disk, DiskProgress progress) {
    show(
        () -> {
          long now = clock.getAsLong();
          Shown shown = row(disk);
          shown.row.move(progress, now);
          if (look.redraws()) {
            draw(false, List.of());
          } else if (now - shown.printedAt >= interval) {
            shown.printedAt = now;
            print(shown.row.sentence() + "\n");
          }
        });
  }

  @Override
  public void diskCommitted(DiskReport report) {
    show(
        () -> {
          Shown shown = row(report.plan());
          rows.remove(report.plan().chain());
          keep(DiskRow.done(shown.row.label(), report, look));
        });
  }

  @Override
  public void diskFailed(DiskPlan disk, Throwable cause) {
    show(
        () -> {
          Shown shown = row(disk);
          rows.remove(disk.chain());
          String message = String.valueOf(cause.getMessage());
          keep(DiskRow.failed(shown.row.label(), message, look));
        });
  }

  /** Takes away the lines of disks that were not ended one by one. */
  @Override
  public void runEnded(SyncPlan plan) {
    show(
        () -> {
          for (DiskPlan disk : plan.disks()) {
            Shown shown = rows.remove(disk.chain());
            if (shown != null) {
              keep(DiskRow.failed(shown.row.label(), "not done", look));
            }
          }
        });
  }

  private Shown row(DiskPlan disk) {
    return rows.computeIfAbsent(
        disk.chain(), chain -> new Shown(new DiskRow(disk), clock.getAsLong()));
  }

  /** Does the work of one event; whatever goes wrong with it ends the showing, not the run. */
  private synchronized void show(Runnable event) {
    if (!silent) {
      try {
        event.run();
      } catch (RuntimeException e) {
        silent = true;
      }
    }
  }

  /** Prints a line that stays. */
  private void keep(String line) {
    if (look.redraws()) {
      draw(true, List.of(line));
    } else {
      print(line + "\n");
    }
  }

  /**
   * Draws all lines over those drawn before, in one write. Lines do not wrap meanwhile: a terminal
   * that is narrower than thought cuts them.
   */
  private void draw(boolean now, List<String> kept) {
    long time = clock.getAsLong();
    if (!now && time - drawnAt < FRAME_NANOS) {
      return;
    }
    drawnAt = time;
    StringBuilder frame = new StringBuilder("\033[?7l\r");
    if (drawn > 0) {
      frame.append("\033[").append(drawn).append('A');
    }
    kept.forEach(line -> line(frame, line));
    List<String> lines = lines();
    lines.forEach(line -> line(frame, line));
    drawn = lines.size();
    print(frame.append("\033[J\033[?7h").toString());
  }

  private static void line(StringBuilder frame, String line) {
    frame.append(line).append("\033[K\n");
  }

  private List<String> lines() {
    List<DiskRow> shown = new ArrayList<>();
    rows.values().forEach(it -> shown.add(it.row));
    shown.sort(Comparator.comparing(row -> !row.active()));
    List<DiskRow> first = shown.subList(0, Math.min(MOST_ROWS, shown.size()));
    int widest = first.stream().mapToInt(row -> row.label().length()).max().orElse(0);
    int labels = Math.min(widest, Math.max(8, (look.columns() - 46) / 2));
    List<String> lines = new ArrayList<>();
    first.forEach(row -> lines.add(row.bar(look, labels)));
    if (shown.size() > first.size()) {
      lines.add("  and " + (shown.size() - first.size()) + " more");
    }
    return lines;
  }

  private void print(String text) {
    out.print(text);
    out.flush();
  }

  private static final class Shown {
    private final DiskRow row;
    private long printedAt;

    Shown(DiskRow row, long now) {
      this.row = row;
      this.printedAt = now;
    }
  }
}
