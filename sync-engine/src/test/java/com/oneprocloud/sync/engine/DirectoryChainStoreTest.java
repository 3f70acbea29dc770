// SPDX-License-Identifier: Apache-2.0
package com.oneprocloud.sync.engine;

import com.oneprocloud.sync.api.chain.ChainId;
import com.oneprocloud.sync.api.chain.ChainStore;
import com.oneprocloud.sync.api.tck.ChainStoreContract;
import com.oneprocloud.sync.api.tck.ChainStoreFixture;
import com.oneprocloud.sync.api.tck.CommitLoop;
import com.oneprocloud.sync.engine.tck.ChildJvm;
import java.io.FileInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneId;
import java.time.ZoneOffset;
import java.util.Locale;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.UnaryOperator;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class DirectoryChainStoreTest extends ChainStoreContract {
  @TempDir Path folder;

  @Override
  protected ChainStoreFixture openFixture() {
    try {
      return new Storage(Files.createTempDirectory(folder, "chains"));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Commits in a directory until it is killed. */
  static final class Loop {
    private Loop() {}

    public static void main(String[] arguments) {
      CommitLoop.run(DirectoryChainStore.at(Path.of(arguments[0])), System.out);
    }
  }

  @Test
  void aProcessThatIsKilledWhileItCommitsLosesNothingItAcknowledged() throws Exception {
    long seed = System.nanoTime();
    Random random = new Random(seed);
    Clock later = Clock.offset(Clock.systemUTC(), Duration.ofHours(2));
    Path root = folder.resolve("killed");
    ProcessBuilder loop = ChildJvm.of(Loop.class, root.toString());
    for (int i = 0; i < 8; i++) {
      try {
        CommitLoop.disturb(
            loop,
            DirectoryChainStore.at(root, later),
            random,
            process -> process.toHandle().destroyForcibly());
      } catch (AssertionError e) {
        throw new AssertionError("seed " + seed, e);
      }
    }
  }

  private static final class Storage implements ChainStoreFixture {
    private final Path root;
    private final AtomicReference<Instant> now =
        new AtomicReference<>(Instant.parse("2026-01-02T03:04:05Z"));

    Storage(Path root) {
      this.root = root;
    }

    @Override
    public ChainStore connect() {
      return connect(Duration.ZERO);
    }

    @Override
    public ChainStore connect(Duration ahead) {
      return DirectoryChainStore.at(root, new SetClock(now, ahead));
    }

    @Override
    public Duration skewTolerated() {
      return Duration.ofSeconds(5);
    }

    @Override
    public void pass(Duration time) {
      now.updateAndGet(it -> it.plus(time));
    }

    @Override
    public void rewrite(ChainId chain, long sequence, UnaryOperator<byte[]> change) {
      try {
        Path file = file(chain, sequence);
        Files.write(file, change.apply(Files.readAllBytes(file)));
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
    }

    @Override
    public void remove(ChainId chain, long sequence) {
      try {
        Files.delete(file(chain, sequence));
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
    }

    @Override
    public void rewriteDigests(ChainId chain, long sequence, UnaryOperator<byte[]> change) {
      try {
        Path file = digestFile(chain, sequence);
        byte[] held;
        // a channel would keep a direct buffer of that size for this thread
        try (InputStream in = new FileInputStream(file.toFile())) {
          held = in.readAllBytes();
        }
        Files.write(file, change.apply(held));
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
    }

    @Override
    public void removeDigests(ChainId chain, long sequence) {
      try {
        Files.delete(digestFile(chain, sequence));
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
    }

    @Override
    public Set<Long> digests(ChainId chain) {
      try (Stream<Path> files = Files.walk(root)) {
        return files
            .filter(it -> it.getParent().endsWith(Path.of(chain.brief(), "manifests")))
            .map(it -> it.getFileName().toString())
            .filter(it -> it.endsWith(".digests"))
            .map(it -> Long.valueOf(it.substring(0, it.indexOf('.'))))
            .collect(Collectors.toSet());
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
    }

    private Path digestFile(ChainId chain, long sequence) throws IOException {
      return file(chain, String.format(Locale.ROOT, "%010d.digests", sequence));
    }

    private Path file(ChainId chain, long sequence) throws IOException {
      return file(chain, String.format(Locale.ROOT, "%010d.json", sequence));
    }

    private Path file(ChainId chain, String name) throws IOException {
      try (Stream<Path> files = Files.walk(root)) {
        return files
            .filter(it -> it.endsWith(Path.of(chain.brief(), "manifests", name)))
            .findFirst()
            .orElseThrow();
      }
    }

    @Override
    public void close() {}
  }

  private static final class SetClock extends Clock {
    private final AtomicReference<Instant> now;
    private final Duration ahead;

    SetClock(AtomicReference<Instant> now, Duration ahead) {
      this.now = now;
      this.ahead = ahead;
    }

    @Override
    public Instant instant() {
      return now.get().plus(ahead);
    }

    @Override
    public ZoneId getZone() {
      return ZoneOffset.UTC;
    }

    @Override
    public Clock withZone(ZoneId zone) {
      return this;
    }
  }
}
