// SPDX-License-Identifier: Apache-2.0
package com.oneprocloud.sync.benchmarks.diff;

import com.oneprocloud.sync.api.storage.ImageSpec;
import com.oneprocloud.sync.api.tck.CephLab;
import com.oneprocloud.sync.api.tck.StorageFixture.ImageOptions;
import com.oneprocloud.sync.ceph.fixture.CephFixture;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.SplittableRandom;
import java.util.concurrent.atomic.AtomicBoolean;

/**
 * A thin image of 50 TiB in which a few thousand objects were written, while a server that holds
 * its exclusive lock goes on writing: what changed between two snapshots, found by the engine and
 * by {@code rbd diff}, each in a process of its own. {@code benchmarks/diff-50-tib} runs it.
 */
final class DiffBenchmark {
  private static final long OBJECT = 4L << 20;
  private static final int WRITTEN = 3000;
  private static final int CHANGED = 2000;

  /** Runs a command and prints seconds of time, seconds of CPU and KiB of memory at its peak. */
  private static final String MEASURE =
      """
      import resource, subprocess, sys, time
      start = time.time()
      output = subprocess.run(sys.argv[1:], stdout=subprocess.PIPE).stdout
      wall = time.time() - start
      used = resource.getrusage(resource.RUSAGE_CHILDREN)
      print('%.3f %.3f %d' % (wall, used.ru_utime + used.ru_stime, used.ru_maxrss))
      sys.stdout.write(output.decode()[-2000:])
      """;

  private final String conf;
  private final ImageSpec image;

  private DiffBenchmark(String conf, ImageSpec image) {
    this.conf = conf;
    this.image = image;
  }

  /** Runs: rounds, then seconds that {@code rbd diff} may take. */
  public static void main(String[] arguments) throws Exception {
    int rounds = Integer.parseInt(arguments[0]);
    int patience = Integer.parseInt(arguments[1]);
    CephLab lab = CephLab.start();
    AtomicBoolean done = new AtomicBoolean();
    try (CephFixture fixture = new CephFixture(lab);
        CephFixture.AdminImage disk = fixture.create(ImageOptions.of(50L << 40, OBJECT))) {
      long[] objects = fill(disk);
      Thread server = new Thread(() -> write(disk, objects, done), "server");
      server.start();
      try {
        new DiffBenchmark(lab.conf().toString(), disk.spec()).run(rounds, patience);
      } finally {
        done.set(true);
        server.join();
      }
    }
  }

  private static long[] fill(CephFixture.AdminImage disk) {
    SplittableRandom random = new SplittableRandom(50);
    long[] objects =
        random.longs(0, (50L << 40) / OBJECT).distinct().limit(WRITTEN + 500).toArray();
    for (int i = 0; i < WRITTEN; i++) {
      disk.write(objects[i] * OBJECT, bytes(random, 64 << 10));
    }
    disk.createSnapshot("base");
    // some written again, some made
    for (int i = WRITTEN - CHANGED + 500; i < objects.length; i++) {
      disk.write(objects[i] * OBJECT + 4096, bytes(random, 4096));
    }
    disk.createSnapshot("point");
    return objects;
  }

  private static void write(CephFixture.AdminImage disk, long[] objects, AtomicBoolean done) {
    SplittableRandom random = new SplittableRandom(51);
    while (!done.get()) {
      disk.write(objects[random.nextInt(objects.length)] * OBJECT, bytes(random, 4096));
      try {
        Thread.sleep(20);
      } catch (InterruptedException e) {
        return;
      }
    }
  }

  private static ByteBuffer bytes(SplittableRandom random, int length) {
    byte[] bytes = new byte[length];
    random.nextBytes(bytes);
    return ByteBuffer.wrap(bytes);
  }

  private void run(int rounds, int patience) throws IOException, InterruptedException {
    List<double[]> ours = new ArrayList<>();
    List<double[]> whole = new ArrayList<>();
    for (int round = 0; round < rounds; round++) {
      ours.add(measure("engine", engine("fast")));
      whole.add(measure("rbd diff --whole-object", rbd(patience, "--whole-object")));
    }
    measure("engine, every object of 1 TiB of it", engine("precise"));
    double[] exact = measure("rbd diff", rbd(patience));
    System.out.printf(
        Locale.ROOT,
        "median of %d: engine %.2f s, %.2f s CPU, %.0f MiB; rbd diff --whole-object %.2f s, %.2f s CPU,"
            + " %.0f MiB; rbd diff %s %.0f s%n",
        rounds,
        median(ours, 0),
        median(ours, 1),
        median(ours, 2) / 1024,
        median(whole, 0),
        median(whole, 1),
        median(whole, 2) / 1024,
        exact[0] >= patience ? "given up after" : "took",
        exact[0]);
  }

  private static double median(List<double[]> rows, int column) {
    double[] values = rows.stream().mapToDouble(row -> row[column]).sorted().toArray();
    return values[values.length / 2];
  }

  private List<String> engine(String how) {
    return List.of(
        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
        "-Xmx40m",
        "-XX:+UseSerialGC",
        "-XX:TieredStopAtLevel=1",
        "-Xshare:auto",
        "-cp",
        System.getProperty("java.class.path"),
        OneDiff.class.getName(),
        conf,
        image.toString(),
        how);
  }

  private List<String> rbd(int patience, String... options) {
    List<String> command =
        new ArrayList<>(
            List.of("timeout", Integer.toString(patience), "rbd", "--conf", conf, "--id"));
    command.addAll(List.of("sync-reader", "diff", "--from-snap", "base"));
    command.addAll(List.of(options));
    command.add(image + "@point");
    return command;
  }

  private static double[] measure(String name, List<String> command)
      throws IOException, InterruptedException {
    List<String> measured = new ArrayList<>(List.of("/usr/bin/python3", "-c", MEASURE));
    measured.addAll(command);
    Process process =
        new ProcessBuilder(measured).redirectError(ProcessBuilder.Redirect.INHERIT).start();
    String[] output =
        new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8).split("\n", 2);
    process.waitFor();
    double[] row =
        Arrays.stream(output[0].split(" ", -1)).mapToDouble(Double::parseDouble).toArray();
    System.out.printf(
        Locale.ROOT,
        "%-36s %8.3f s %8.3f s CPU %8.1f MiB  %s%n",
        name,
        row[0],
        row[1],
        row[2] / 1024,
        output[1].lines().filter(line -> line.startsWith("found")).findFirst().orElse(""));
    return row;
  }
}
