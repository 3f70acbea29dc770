// SPDX-License-Identifier: Apache-2.0
package com.oneprocloud.sync.benchmarks;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.oneprocloud.sync.api.Bytes;
import com.oneprocloud.sync.api.chain.ChainId;
import com.oneprocloud.sync.api.chain.ChainStore;
import com.oneprocloud.sync.api.chain.CommittedManifest;
import com.oneprocloud.sync.api.chain.Manifest;
import com.oneprocloud.sync.api.chain.RunProgress;
import com.oneprocloud.sync.api.storage.Image;
import com.oneprocloud.sync.api.storage.Snapshot;
import com.oneprocloud.sync.api.storage.StorageCluster;
import com.oneprocloud.sync.api.target.ReplicaName;
import com.oneprocloud.sync.api.target.ReplicaState;
import com.oneprocloud.sync.api.tck.CephLab;
import com.oneprocloud.sync.api.tck.RandomWorkload;
import com.oneprocloud.sync.api.tck.StorageFixture.ImageOptions;
import com.oneprocloud.sync.api.tck.StorageFixture.WritableImage;
import com.oneprocloud.sync.ceph.fixture.CephFixture;
import com.oneprocloud.sync.engine.DirectoryChainStore;
import com.oneprocloud.sync.engine.OfflineCheck;
import com.oneprocloud.sync.engine.OfflineReport;
import com.oneprocloud.sync.engine.target.DirectoryTarget;
import com.oneprocloud.sync.engine.tck.ReplicaCheck;
import java.io.File;
import java.io.IOException;
import java.net.URI;
import java.net.URL;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.SplittableRandom;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * kill -9 of a real process that replicates from a real Ceph, at random moments of full and
 * incremental runs; {@code -Dsync.steps} says how often. Prints a table of what the kills cost.
 */
class CephCrashIT {
  private static final int MIB = 1 << 20;
  private static final int SIZE = 160 * MIB;
  private static final long MOST_RESENT = 64L * MIB;
  private static final int KILLS = RandomWorkload.steps(10);

  /** What the process says when it comes to a part of its work; any time after that it may die. */
  private static final List<String> MOMENTS =
      List.of("READY", ", SNAPSHOT", ", TRANSFER", ", VERIFY", ", COMMIT");

  @TempDir Path folder;

  private final long seed = RandomWorkload.seed();
  private final SplittableRandom random = new SplittableRandom(seed);
  private CephLab lab;
  private CephFixture fixture;
  private WritableImage image;
  private final Map<String, Cost> costs = new TreeMap<>();
  private int started;

  /** What kills of one kind of run in one phase cost; bytes. */
  private static final class Cost {
    int kills;
    long written;
    long again;
    long mostAgain;

    void add(long bytesWritten, long bytesAgain) {
      kills++;
      written += bytesWritten;
      again += bytesAgain;
      mostAgain = Math.max(mostAgain, bytesAgain);
    }

    String row(String of) {
      return "| "
          + String.join(
              " | ",
              of,
              Integer.toString(kills),
              Bytes.text(written),
              Bytes.text(again),
              Bytes.text(mostAgain))
          + " |";
    }
  }

  @BeforeEach
  void open() {
    lab = CephLab.start();
    fixture = new CephFixture(lab);
    image = fixture.create(ImageOptions.of(SIZE, 4 * MIB));
  }

  @AfterEach
  void close() {
    image.close();
    fixture.close();
  }

  @Test
  void aKilledProcessLosesNothingButItsLastMoment() throws Exception {
    System.out.println("kills with -Dsync.seed=" + seed);
    write(0, SIZE);
    image.createSnapshot("foreign");
    Cost all = new Cost();
    long[] longest = new long[MOMENTS.size()];
    Arrays.fill(longest, TimeUnit.SECONDS.toNanos(2));
    while (all.kills < KILLS) {
      assertTrue(started < 20 + 5 * KILLS, "runs end before they can be killed");
      int moment = random.nextInt(MOMENTS.size());
      Process process = start(random.nextInt(3) == 0 ? "FULL" : "AUTO");
      boolean reached = await(process, MOMENTS.get(moment));
      long began = System.nanoTime();
      if (process.waitFor(random.nextLong(longest[moment]), TimeUnit.NANOSECONDS)) {
        assertEquals(0, process.exitValue(), this::output);
        if (reached) {
          // the next one dies sooner
          longest[moment] = Math.max(1, (System.nanoTime() - began) * 9 / 10);
        }
        checkEnded();
        change();
        continue;
      }
      process.destroyForcibly().waitFor();
      checkAtRest();
      long written = writtenBeyond(0);
      long again = resent();
      all.add(written, again);
      costs.computeIfAbsent(phase(), it -> new Cost()).add(written, again);
      longest[moment] = longest[moment] * 11 / 10;
      if (random.nextInt(2) == 0) {
        // the server goes on meanwhile
        change();
      }
    }
    end();
    change();
    end();
    System.out.printf(
        Locale.ROOT,
        "%d kills in %d runs, %d points committed%n",
        all.kills,
        started,
        head().manifest().sequence() + 1);
    System.out.println(
        "| run, phase | kills | written before the kill | of it sent again | at most after one kill |");
    System.out.println("| --- | ---: | ---: | ---: | ---: |");
    costs.forEach((of, cost) -> System.out.println(cost.row(of)));
    System.out.println(all.row("all"));
    assertTrue(all.mostAgain <= MOST_RESENT, () -> "sent again after one kill");
    List<String> snapshots = snapshots();
    assertTrue(snapshots.contains("foreign"), snapshots::toString);
    assertEquals(3, snapshots.size(), () -> "a base, a spare base and a foreign one: " + snapshots);
  }

  /** An undisturbed run. */
  private void end() throws Exception {
    Process process = start("AUTO");
    assertTrue(process.waitFor(120, TimeUnit.SECONDS), "a run without disturbance ends");
    assertEquals(0, process.exitValue(), this::output);
    checkEnded();
  }

  private void change() {
    for (int n = random.nextInt(1, 12); n > 0; n--) {
      int length = random.nextInt(512, 8 * MIB);
      write(random.nextInt(SIZE - length), length);
    }
    image.discard(random.nextInt(20) * 4L * MIB, 4 * MIB);
  }

  private void write(long offset, int length) {
    byte[] bytes = new byte[length];
    random.nextBytes(bytes);
    image.write(offset, ByteBuffer.wrap(bytes));
  }

  private void check() throws InterruptedException {
    Manifest manifest = head().manifest();
    ReplicaCheck.assertEqual(
        target().file(name()), image, manifest.snapshot().name(), manifest.size());
    chains().newest(chain(), Integer.MAX_VALUE);
    OfflineReport report = OfflineCheck.run(chains(), target(), name());
    assertTrue(report.intact(), report::toString);
  }

  /** What must hold when a run has ended well. */
  private void checkEnded() throws InterruptedException {
    check();
    List<String> own = snapshots().stream().filter(it -> it.startsWith("sync.")).toList();
    assertTrue(own.size() <= 2, () -> "a base and a spare base: " + own);
  }

  /** What must hold whenever the process dies. */
  private void checkAtRest() throws InterruptedException {
    List<CommittedManifest> all = chains().newest(chain(), Integer.MAX_VALUE);
    if (!all.isEmpty()) {
      Manifest newest = all.get(0).manifest();
      assertTrue(snapshots().contains(newest.snapshot().name()), "the base is kept until commit");
      if (target().state(name()) instanceof ReplicaState.Committed) {
        check();
      }
    }
  }

  /** Bytes that the killed process wrote, and that its successor will write again. */
  private long resent() throws IOException {
    if (chains().openRun(chain()).isEmpty()) {
      return 0;
    }
    return writtenBeyond(chains().progress(chain()).map(RunProgress::written).orElse(0L));
  }

  /** Bytes that the killed process wrote beyond an offset. */
  private long writtenBeyond(long from) throws IOException {
    ByteBuffer log = ByteBuffer.wrap(Files.readAllBytes(folder.resolve("written")));
    long bytes = 0;
    while (log.remaining() >= 16) {
      long offset = log.getLong();
      long length = log.getLong();
      bytes += Math.max(0, Math.min(length, offset + length - from));
    }
    return bytes;
  }

  /** What the killed process was doing. */
  private String phase() {
    return output()
        .lines()
        .filter(it -> it.startsWith("PHASE "))
        .reduce((before, after) -> after)
        .map(it -> it.substring("PHASE ".length()))
        .orElse("plan");
  }

  private Process start(String mode) throws IOException {
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    command.addAll(List.of("-Xmx256m", "-XX:TieredStopAtLevel=1", "-cp", classPath()));
    if (Runtime.version().feature() >= 24) {
      command.add("--enable-native-access=ALL-UNNAMED");
    }
    command.addAll(
        List.of(
            CrashingSync.class.getName(),
            lab.conf().toString(),
            image.spec().toString(),
            folder.toString(),
            mode,
            Integer.toString(started++)));
    return new ProcessBuilder(command)
        .redirectErrorStream(true)
        .redirectOutput(folder.resolve("output").toFile())
        .start();
  }

  /** Waits until the process has said something, or ended; whether it has said it. */
  private boolean await(Process process, String word) throws Exception {
    long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(120);
    while (process.isAlive() && !output().contains(word)) {
      assertTrue(System.nanoTime() < end, this::output);
      Thread.sleep(2);
    }
    return output().contains(word);
  }

  private String output() {
    try {
      return Files.readString(folder.resolve("output"));
    } catch (IOException e) {
      return e.toString();
    }
  }

  /** Where this JVM has its classes from, as a class path. */
  private static String classPath() {
    return Stream.of(
            root(CrashingSync.class),
            System.getProperty("jdk.module.path", ""),
            System.getProperty("java.class.path"))
        .filter(it -> !it.isEmpty())
        .collect(Collectors.joining(File.pathSeparator));
  }

  private static String root(Class<?> type) {
    URL file = Objects.requireNonNull(type.getResource(type.getSimpleName() + ".class"));
    Path path = Path.of(URI.create(file.toString()));
    for (int i = type.getName().split("\\.", -1).length; i > 0; i--) {
      path = Objects.requireNonNull(path.getParent());
    }
    return path.toString();
  }

  private List<String> snapshots() {
    try (StorageCluster cluster = fixture.connect();
        Image opened = cluster.open(image.spec())) {
      return opened.snapshots().stream().map(Snapshot::name).toList();
    }
  }

  private CommittedManifest head() {
    return chains().head(chain()).orElseThrow();
  }

  private ReplicaName name() {
    return new ReplicaName(image.spec().pool(), image.spec().name());
  }

  private ChainId chain() {
    return new ChainId(name(), target().id());
  }

  private DirectoryTarget target() {
    return DirectoryTarget.at(folder.resolve("replicas"));
  }

  private ChainStore chains() {
    return DirectoryChainStore.at(folder.resolve("chains"));
  }
}
