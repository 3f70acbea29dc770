// SPDX-License-Identifier: Apache-2.0
package com.oneprocloud.sync.benchmarks.fleet;

import com.oneprocloud.sync.api.SyncException;
import com.oneprocloud.sync.api.chain.SyncMode;
import com.oneprocloud.sync.api.chain.Verification;
import com.oneprocloud.sync.api.storage.ImageSpec;
import com.oneprocloud.sync.api.tck.CephLab;
import com.oneprocloud.sync.benchmarks.Folders;
import com.oneprocloud.sync.ceph.CephCluster;
import com.oneprocloud.sync.ceph.CephConfig;
import com.oneprocloud.sync.ceph.CephSnapshotter;
import com.oneprocloud.sync.engine.Adaptive;
import com.oneprocloud.sync.engine.DirectoryChainStore;
import com.oneprocloud.sync.engine.EngineSettings;
import com.oneprocloud.sync.engine.Limits;
import com.oneprocloud.sync.engine.SyncEngine;
import com.oneprocloud.sync.engine.SyncRun;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.ToDoubleFunction;

/**
 * Reads of guests beside full runs to a target that keeps nothing, without and with adaptive mode,
 * in turns. Both engines live as long as the measurement. {@code benchmarks/adaptive} runs it.
 */
final class BesideGuests {
  private static final ImageSpec SOURCE = ImageSpec.of("volumes", "beside-source");
  private static final ImageSpec GUEST = ImageSpec.of("volumes", "beside-guest");

  /** How long all is let settle before each measurement, in seconds. */
  private static final int SETTLE = 8;

  private final CephLab lab;
  private final int seconds;
  private final int depth;

  /** What was measured, by what was going on. */
  private final Map<String, List<Row>> rows = new LinkedHashMap<>();

  private BesideGuests(CephLab lab, int seconds, int depth) {
    this.lab = lab;
    this.seconds = seconds;
    this.depth = depth;
  }

  /**
   * A measurement.
   *
   * @param iops reads of guests a second
   * @param mean of their times, in ms
   * @param slow 99 % of them take at most this, in ms
   * @param bytes bytes a second that the sync read
   */
  private record Row(double iops, double mean, double slow, double bytes) {}

  /** Takes options; see {@code benchmarks/adaptive}. */
  public static void main(String[] arguments) throws IOException, InterruptedException {
    Words words = new Words(arguments);
    CephLab lab = CephLab.start();
    Path folder = Files.createTempDirectory("sync-beside-");
    BesideGuests guests = new BesideGuests(lab, words.get("seconds", 8), words.get("guests", 4));
    LabImages images = new LabImages(lab);
    remove(images);
    try {
      images.make(SOURCE, LabImages.data(folder, words.get("source-mib", 3072)));
      images.make(GUEST, LabImages.data(folder, words.get("guest-mib", 1024)));
      guests.measure(words.get("rounds", 5), folder);
    } finally {
      remove(images);
      Folders.remove(folder);
    }
    System.exit(0);
  }

  private void measure(int rounds, Path folder) throws IOException, InterruptedException {
    try (CephCluster ceph =
            CephCluster.connect(CephConfig.fromFile(lab.conf(), "client.sync-reader"));
        CephSnapshotter snapshotter =
            CephSnapshotter.connect(CephConfig.fromFile(lab.conf(), "client.sync-snapshotter"));
        SyncEngine off = engine(ceph, snapshotter, folder.resolve("off"), Adaptive.off());
        SyncEngine on = engine(ceph, snapshotter, folder.resolve("on"), Adaptive.enabled())) {
      for (int round = 0; round < rounds; round++) {
        note("guests alone", guests());
        for (SyncEngine engine : List.of(off, on)) {
          String mode = engine == off ? "off" : "on";
          try (Syncing syncing = new Syncing(engine)) {
            Thread.sleep(SETTLE * 1000L);
            note("sync alone, " + mode, new Row(0, 0, 0, syncing.speed(seconds)));
            note("both, " + mode, besideGuests(syncing));
          }
        }
      }
    }
    rows.forEach((what, measured) -> System.out.println(text("median, " + what, median(measured))));
  }

  private static SyncEngine engine(
      CephCluster ceph, CephSnapshotter snapshotter, Path folder, Adaptive adaptive) {
    return SyncEngine.builder()
        .storage(ceph)
        .snapshotter(snapshotter)
        .chains(DirectoryChainStore.at(folder))
        .settings(
            EngineSettings.defaults()
                .withVerification(Verification.NONE)
                .withLimits(Limits.none().withAdaptive(adaptive)))
        .build();
  }

  /** Runs one full run after the other until it is closed. */
  private static final class Syncing implements AutoCloseable {
    private final SyncEngine engine;
    private final AtomicReference<SyncRun> current = new AtomicReference<>();
    private final Thread thread = new Thread(this::loop, "syncing");
    private volatile boolean over;

    Syncing(SyncEngine engine) {
      this.engine = engine;
      thread.start();
    }

    private void loop() {
      while (!over) {
        try {
          SyncRun run = engine.submit(engine.plan(SOURCE, new CountingTarget(0), SyncMode.FULL));
          current.set(run);
          if (over) {
            run.cancel();
          }
          run.await();
        } catch (SyncException | InterruptedException e) {
          if (!over) {
            throw new IllegalStateException(e);
          }
        }
      }
    }

    long bytes() {
      return engine.figures().reads().bytes();
    }

    /** Bytes a second in the next seconds. */
    double speed(int seconds) throws InterruptedException {
      long before = bytes();
      long began = System.nanoTime();
      Thread.sleep(seconds * 1000L);
      return (bytes() - before) * 1e9 / (System.nanoTime() - began);
    }

    @Override
    public void close() {
      over = true;
      SyncRun run = current.get();
      if (run != null) {
        run.cancel();
      }
      try {
        thread.join();
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
      }
    }
  }

  private Row besideGuests(Syncing syncing) throws IOException, InterruptedException {
    Process fio = fio();
    Thread.sleep(SETTLE * 1000L);
    double bytes = syncing.speed(seconds);
    Row row = row(fio);
    return new Row(row.iops, row.mean, row.slow, bytes);
  }

  private Row guests() throws IOException, InterruptedException {
    return row(fio());
  }

  private Process fio() throws IOException {
    List<String> command =
        List.of(
            "fio",
            "--name=guests",
            "--ioengine=rbd",
            "--clientname=admin",
            "--pool=" + GUEST.pool(),
            "--rbdname=" + GUEST.name(),
            "--rw=randread",
            "--bs=4k",
            "--iodepth=" + depth,
            "--time_based",
            "--ramp_time=" + SETTLE,
            "--runtime=" + seconds,
            "--output-format=terse",
            "--terse-version=3");
    ProcessBuilder builder =
        new ProcessBuilder(command).redirectError(ProcessBuilder.Redirect.INHERIT);
    builder.environment().put("CEPH_CONF", lab.conf().toString());
    return builder.start();
  }

  /** Fields of fio's terse output: 8 is reads a second, 40 the mean in microseconds. */
  private static Row row(Process fio) throws IOException, InterruptedException {
    String out = new String(fio.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    if (fio.waitFor() != 0) {
      throw new IOException("fio: " + out);
    }
    String line = out.lines().filter(it -> it.startsWith("3;")).findFirst().orElseThrow();
    String[] fields = line.split(";", -1);
    String slow =
        Arrays.stream(fields).filter(it -> it.startsWith("99.000000%=")).findFirst().orElseThrow();
    return new Row(
        Double.parseDouble(fields[7]),
        Double.parseDouble(fields[39]) / 1e3,
        Double.parseDouble(slow.substring(slow.indexOf('=') + 1)) / 1e3,
        0);
  }

  private void note(String what, Row row) {
    rows.computeIfAbsent(what, it -> new ArrayList<>()).add(row);
    System.out.println(text(what, row));
  }

  private static String text(String what, Row row) {
    return String.format(
        Locale.ROOT,
        "%-26s guests %6.0f reads/s, mean %7.3f ms, 99 %% %8.3f ms; sync %6.1f MB/s",
        what,
        row.iops,
        row.mean,
        row.slow,
        row.bytes / 1e6);
  }

  private static Row median(List<Row> rows) {
    return new Row(
        median(rows, Row::iops),
        median(rows, Row::mean),
        median(rows, Row::slow),
        median(rows, Row::bytes));
  }

  private static double median(List<Row> rows, ToDoubleFunction<Row> of) {
    double[] sorted = rows.stream().mapToDouble(of).sorted().toArray();
    return sorted[sorted.length / 2];
  }

  private static void remove(LabImages images) {
    List.of(SOURCE, GUEST).forEach(images.removal(SOURCE.pool()));
  }
}
