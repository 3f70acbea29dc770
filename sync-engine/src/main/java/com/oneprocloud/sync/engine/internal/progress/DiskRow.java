// SPDX-License-Identifier: Apache-2.0
package com.oneprocloud.sync.engine.internal.progress;

import com.oneprocloud.sync.api.DiskPlan;
import com.oneprocloud.sync.api.DiskProgress;
import com.oneprocloud.sync.api.DiskReport;
import com.oneprocloud.sync.api.SyncListener.Phase;
import com.oneprocloud.sync.engine.internal.progress.Look.Colour;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/** One disk on its way through a run: how far, how fast, and what that looks like. */
public final class DiskRow {
  /** After how long an older rate has lost most of its weight. */
  private static final double MEMORY_SECONDS = 3;

  /** A time that is left is told only when this much was seen. */
  private static final double SETTLED_SECONDS = 0.8;

  /** Characters of the columns, and of the bar at least and at most. */
  private static final int PHASE = 8;

  private static final int PERCENT = 1 + 6;
  private static final int FIGURES = 1 + 8 + 1 + 10 + 1 + 7;
  private static final int LEAST = 5;
  private static final int MOST = 40;

  private final String label;
  private @Nullable Phase phase;
  private @Nullable DiskProgress progress;
  private double startFraction;
  private long startNanos;
  private long lastNanos;
  private double rate;

  /** How much of the rate comes from what was seen; the rest is the 0 that it began with. */
  private double seen;

  /** A disk that waits for its turn. */
  public DiskRow(DiskPlan plan) {
    String device = plan.disk().flatMap(disk -> disk.device()).map(name -> name + " ").orElse("");
    this.label = Look.oneLine(device + plan.image());
  }

  /** The disk's name for people. */
  public String label() {
    return label;
  }

  /** Whether data is being moved or compared. */
  public boolean active() {
    return phase != null && phase != Phase.SNAPSHOT;
  }

  /** The disk enters a phase. */
  public void enter(Phase next, long nanos) {
    phase = next;
    progress = null;
    startNanos = nanos;
    lastNanos = nanos;
    rate = 0;
    seen = 0;
  }

  /** The disk went on. */
  public void move(DiskProgress now, long nanos) {
    if (phase != now.phase()) {
      enter(now.phase(), nanos);
    }
    DiskProgress before = progress;
    if (before == null) {
      // where a run is taken up, or what was passed over at once, tells nothing of the pace
      startFraction = now.fraction();
      startNanos = nanos;
    }
    long moved = now.bytesMoved() - (before == null ? 0 : before.bytesMoved());
    double seconds = (nanos - lastNanos) / 1e9;
    if (seconds > 0) {
      double current = Math.max(0, moved) / seconds;
      double weight = 1 - Math.exp(-seconds / MEMORY_SECONDS);
      rate += weight * (current - rate);
      seen += weight * (1 - seen);
      lastNanos = nanos;
      progress = now;
    } else if (before == null) {
      progress = now;
    }
  }

  /**
   * The disk as one line of a terminal.
   *
   * @param look what can be shown
   * @param labelWidth characters for the name
   */
  public String bar(Look look, int labelWidth) {
    int room = look.columns() - 1 - 2 - labelWidth - 1 - 2;
    boolean phases = room - PHASE - 1 >= LEAST;
    room -= phases ? PHASE + 1 : 0;
    boolean percents = phases && room - PERCENT >= LEAST;
    room -= percents ? PERCENT : 0;
    boolean figures = percents && room - FIGURES >= LEAST;
    room -= figures ? FIGURES : 0;
    int width = Math.max(1, Math.min(MOST, room));
    String ends = look.blocks() ? "▕▏" : "[]";
    Colour colour = phase == Phase.VERIFY ? Colour.GREEN : Colour.CYAN;
    StringBuilder line = new StringBuilder("  ");
    line.append(left(look.fit(label, labelWidth), labelWidth))
        .append(' ')
        .append(phases ? left(phaseName(), PHASE + 1) : "")
        .append(ends.charAt(0))
        .append(look.colour(colour, Bar.of(fraction(), width, look.blocks())))
        .append(ends.charAt(1));
    if (percents) {
      line.append(' ').append(right(percent(), 6));
    }
    if (figures) {
      line.append(' ')
          .append(right(moved(), 8))
          .append(' ')
          .append(right(rateText(), 10))
          .append(' ')
          .append(right(left(), 7));
    }
    return line.toString().stripTrailing();
  }

  /** The disk as a sentence, for a log. */
  public String sentence() {
    StringBuilder line = new StringBuilder("  ").append(label).append(": ").append(phaseName());
    if (progress != null) {
      line.append(' ').append(percent()).append(", ").append(moved());
      if (!rateText().isEmpty()) {
        line.append(", ").append(rateText());
      }
      if (!left().isEmpty()) {
        line.append(", ").append(left()).append(" left");
      }
    }
    return line.toString();
  }

  /** What was done with a disk, as one line. */
  public static String done(String label, DiskReport report, Look look) {
    String text =
        label
            + "  "
            + report.verdict().name().toLowerCase(Locale.ROOT).replace('_', ' ')
            + ", "
            + Look.bytes(report.bytesRead())
            + " read"
            + (report.bytesVerified() > 0
                ? ", " + Look.bytes(report.bytesVerified()) + " verified"
                : "")
            + String.format(
                Locale.ROOT,
                ", point #%d in %.1f s",
                report.committed().manifest().sequence(),
                report.totalTime().toMillis() / 1e3);
    return kept(look, Colour.GREEN, look.blocks() ? "✔" : "ok", text);
  }

  /** That a disk was given up, as one line. */
  public static String failed(String label, String why, Look look) {
    String text = label + "  " + Look.oneLine(why);
    return kept(look, Colour.RED, look.blocks() ? "✘" : "failed", text);
  }

  private static String kept(Look look, Colour colour, String mark, String text) {
    int room = look.redraws() ? look.columns() - 1 - 2 - mark.length() - 1 : text.length();
    return "  " + look.colour(colour, mark) + ' ' + look.cut(text, room);
  }

  private double fraction() {
    DiskProgress now = progress;
    return phase == Phase.COMMIT ? 1 : now == null ? 0 : Math.min(1, now.fraction());
  }

  private String phaseName() {
    return phase == null ? "waiting" : phase.name().toLowerCase(Locale.ROOT);
  }

  /** Rounded down: only what is complete is 100 %. */
  private String percent() {
    return String.format(Locale.ROOT, "%.1f%%", Math.floor(fraction() * 1000) / 10);
  }

  private String moved() {
    DiskProgress now = progress;
    return now == null ? "" : Look.bytes(now.bytesMoved());
  }

  private String rateText() {
    return progress == null || seen == 0 ? "" : Look.bytes(Math.round(rate / seen)) + "/s";
  }

  /** The time that is left in this phase at the pace so far. */
  private String left() {
    double seconds = (lastNanos - startNanos) / 1e9;
    double done = fraction() - startFraction;
    if (progress == null || seconds < SETTLED_SECONDS || done <= 0 || fraction() >= 1) {
      return "";
    }
    double left = Math.max(1, Math.rint(seconds * (1 - fraction()) / done));
    if (left >= 100 * 3600) {
      return "";
    }
    long whole = (long) left;
    return whole < 3600
        ? String.format(Locale.ROOT, "%d:%02d", whole / 60, whole % 60)
        : String.format(Locale.ROOT, "%d:%02d:%02d", whole / 3600, whole / 60 % 60, whole % 60);
  }

  private static String left(String text, int width) {
    return text + " ".repeat(Math.max(0, width - text.length()));
  }

  private static String right(String text, int width) {
    return " ".repeat(Math.max(0, width - text.length())) + text;
  }
}
