// SPDX-License-Identifier: Apache-2.0
package com.oneprocloud.sync.engine.internal.chain;

import com.oneprocloud.sync.api.ConflictException;
import com.oneprocloud.sync.api.SyncException;
import com.oneprocloud.sync.api.chain.ChainId;
import com.oneprocloud.sync.api.chain.CommittedManifest;
import com.oneprocloud.sync.api.chain.Manifest;
import com.oneprocloud.sync.api.chain.ManifestHash;
import com.oneprocloud.sync.api.chain.OpenRun;
import com.oneprocloud.sync.api.chain.RunProgress;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.OverlappingFileLockException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * One chain's directory.
 *
 * <p>A manifest is committed when its file has its name: a hard link that fails if the sequence
 * number is taken. The lease is a record with a token that only grows; every change is made under a
 * file lock after the token was found to be still the newest.
 */
public final class ChainDirectory {
  private static final Duration GUARD_WAIT = Duration.ofSeconds(30);

  /** How much later than its holder others take a lease for expired: clocks differ. */
  private static final Duration SKEW = Duration.ofSeconds(5);

  private final ChainId chain;
  private final Path directory;
  private final Path manifests;
  private final Path runFile;
  private final Path leaseFile;
  private final DigestFiles digests;
  private final Clock clock;

  /**
   * The journal of the run that was opened through this object, so that progress costs one append.
   */
  private volatile @Nullable ProgressJournal opened;

  /** The directory of a chain below a store's root; made when something is recorded. */
  public ChainDirectory(Path root, ChainId chain, Clock clock) {
    this.chain = chain;
    this.clock = clock;
    this.directory =
        root.resolve(FileNames.encode(chain.replica().group()))
            .resolve(FileNames.encode(chain.replica().disk()))
            .resolve(chain.brief());
    this.manifests = directory.resolve("manifests");
    this.runFile = directory.resolve("run.json");
    this.leaseFile = directory.resolve("lease.json");
    this.digests = new DigestFiles(manifests);
  }

  /** The chains below a store's root. */
  public static List<ChainId> list(Path root) throws IOException {
    List<ChainId> chains = new ArrayList<>();
    if (!Files.isDirectory(root)) {
      return chains;
    }
    try (Stream<Path> files =
        Files.find(
            root,
            4,
            (path, attributes) -> attributes.isRegularFile() && path.endsWith("chain.json"))) {
      for (Path file : files.sorted().toList()) {
        chains.add(ManifestRecord.readChain(Files.readAllBytes(file), file));
      }
    }
    return chains;
  }

  /** The chain. */
  public ChainId chain() {
    return chain;
  }

  /** Takes the lease; the token of the new lease. */
  public long acquire(String holder, Duration time) throws IOException {
    DurableFiles.createDirectories(manifests);
    return underLock(
        () -> {
          Optional<LeaseRecord> held = lease();
          Instant now = clock.instant();
          if (held.isPresent() && now.isBefore(held.get().expires().plus(SKEW))) {
            throw Refusals.held(chain, held.get().holder(), held.get().expires());
          }
          Path chainFile = directory.resolve("chain.json");
          if (!Files.exists(chainFile)) {
            DurableFiles.replace(chainFile, ManifestRecord.chainRecord(chain));
          }
          // the time, so that it grows even if somebody removed the record
          long token = Math.max(held.map(LeaseRecord::token).orElse(0L) + 1, now.toEpochMilli());
          writeLease(token, holder, now.plus(time));
          removeRemains();
          // a name that its maker did not live to make durable is relied on from now on
          DurableFiles.syncDirectory(manifests);
          return token;
        });
  }

  /** Extends the lease. */
  public void renew(long token, Duration time) throws IOException {
    guarded(token, () -> writeLease(token, current(token).holder(), clock.instant().plus(time)));
  }

  /** Gives the lease back, unless it was lost. */
  public void release(long token) throws IOException {
    underLock(
        () -> {
          Optional<LeaseRecord> held = lease();
          if (held.isPresent() && held.get().token() == token) {
            writeLease(token, held.get().holder(), Instant.EPOCH);
          }
          return token;
        });
  }

  /** The newest manifest. */
  public Optional<CommittedManifest> head() throws IOException {
    long newest = newestSequence();
    return newest < 0 ? Optional.empty() : manifest(newest);
  }

  /** One manifest. */
  public Optional<CommittedManifest> manifest(long sequence) throws IOException {
    Path file = file(sequence);
    Optional<byte[]> record = DurableFiles.read(file);
    if (record.isEmpty()) {
      return Optional.empty();
    }
    Manifest manifest = ManifestRecord.readManifest(record.get(), file);
    if (manifest.sequence() != sequence || !manifest.chain().equals(chain)) {
      throw Refusals.misplaced(file, manifest);
    }
    return Optional.of(new CommittedManifest(manifest, ManifestRecord.hash(record.get())));
  }

  /**
   * The open run; a run whose manifest is committed is not open, even if its record was not removed
   * yet.
   */
  public Optional<OpenRun> openRun() throws IOException {
    while (true) {
      Optional<byte[]> record = DurableFiles.read(runFile);
      if (record.isEmpty()) {
        return Optional.empty();
      }
      OpenRun run = ManifestRecord.readRun(record.get(), runFile);
      Optional<CommittedManifest> head = head();
      Optional<byte[]> after = DurableFiles.read(runFile);
      // if not, it may have been committed, and another run after it
      if (after.isPresent() && Arrays.equals(after.get(), record.get())) {
        return head.filter(it -> it.manifest().run().equals(run.run())).isPresent()
            ? Optional.empty()
            : Optional.of(run);
      }
    }
  }

  /** How far the open run has come. */
  public Optional<RunProgress> progress() throws IOException {
    Optional<OpenRun> run = openRun();
    return run.isEmpty() ? Optional.empty() : journal(run.get()).last();
  }

  /** Records a run as open. Call under {@link #guarded}. */
  public void open(OpenRun run) throws IOException {
    Optional<OpenRun> before = openRun();
    if (before.isPresent() && !before.get().run().equals(run.run())) {
      closeRun();
    }
    DurableFiles.replace(runFile, ManifestRecord.write(run));
    opened = journal(run);
  }

  /**
   * Records progress of the run that was opened through this object. Call under {@link #guarded}.
   */
  public void progress(RunProgress progress, boolean durable) throws IOException {
    ProgressJournal journal = opened;
    if (journal == null) {
      throw new IllegalStateException("no run was opened with this lease");
    }
    journal.append(progress, durable);
  }

  /** Removes the record of the open run. Call under {@link #guarded}. */
  public void closeRun() throws IOException {
    opened = null;
    Optional<byte[]> record = DurableFiles.read(runFile);
    if (record.isPresent()) {
      journal(ManifestRecord.readRun(record.get(), runFile)).delete();
      DurableFiles.delete(runFile);
    }
  }

  /** Begins a record of digests. Call under {@link #guarded}. */
  public DigestFiles.Fresh beginDigests() throws IOException {
    removeUncommittedDigests();
    return digests.create();
  }

  /** Makes a record the next manifest's. Call under {@link #guarded}. */
  public void endDigests(DigestFiles.Fresh record) throws IOException {
    digests.place(record, newestSequence() + 1);
  }

  /** Where the record of a manifest is, or would be. */
  public Path digests(long sequence) {
    return digests.file(sequence);
  }

  private void removeUncommittedDigests() throws IOException {
    long newest = newestSequence();
    digests.remove(sequence -> sequence > newest);
  }

  private void checkDigests(Manifest manifest) throws IOException {
    Path file = digests.file(manifest.sequence());
    if (manifest.digests().isEmpty()) {
      DurableFiles.delete(file);
    } else if (!Files.exists(file) || Files.size(file) != manifest.digests().get().bytes()) {
      throw Refusals.noDigests(manifest);
    }
  }

  /** Commits a manifest and closes the run. */
  public CommittedManifest commit(long token, Manifest manifest) throws IOException {
    byte[] record = ManifestRecord.write(manifest);
    ManifestHash hash = ManifestRecord.hash(record);
    guarded(
        token,
        () -> {
          Optional<CommittedManifest> head = head();
          boolean follows =
              head.map(CommittedManifest::hash).equals(manifest.previous())
                  && ChainHead.nextSequence(head) == manifest.sequence();
          if (!follows) {
            throw Refusals.moved(manifest);
          }
          checkDigests(manifest);
          try {
            DurableFiles.create(file(manifest.sequence()), record);
          } catch (FileAlreadyExistsException e) {
            throw Refusals.moved(manifest);
          }
          closeRun();
          if (manifest.digests().isPresent()) {
            digests.remove(sequence -> sequence < manifest.digests().get().base());
          }
        });
    return new CommittedManifest(manifest, hash);
  }

  /** Makes a change if the token is still the newest. */
  public void guarded(long token, Change change) throws IOException {
    underLock(
        () -> {
          current(token);
          change.apply();
          return token;
        });
  }

  /** A change to the directory. */
  public interface Change {
    /** Makes it. */
    void apply() throws IOException;
  }

  private interface Step {
    long apply() throws IOException;
  }

  private LeaseRecord current(long token) throws IOException {
    Optional<LeaseRecord> held = lease();
    if (held.isEmpty() || held.get().token() != token) {
      throw Refusals.lost(
          chain, held.map(LeaseRecord::holder).orElse("somebody who removed its record"));
    }
    return held.get();
  }

  private ProgressJournal journal(OpenRun run) {
    return new ProgressJournal(directory.resolve("run-" + run.run() + ".progress"));
  }

  private Optional<LeaseRecord> lease() throws IOException {
    Optional<byte[]> record = DurableFiles.read(leaseFile);
    return record.isEmpty()
        ? Optional.empty()
        : Optional.of(ManifestRecord.readLease(record.get(), leaseFile));
  }

  private void writeLease(long token, String holder, Instant expires) throws IOException {
    DurableFiles.replace(
        leaseFile, ManifestRecord.leaseRecord(new LeaseRecord(token, holder, expires)));
  }

  private Path file(long sequence) {
    return manifests.resolve(String.format(Locale.ROOT, "%010d.json", sequence));
  }

  private long newestSequence() throws IOException {
    if (!Files.isDirectory(manifests)) {
      return -1;
    }
    try (Stream<Path> files = Files.list(manifests)) {
      return files
          .map(file -> String.valueOf(file.getFileName()))
          .filter(name -> name.matches("\\d{10,}\\.json"))
          .mapToLong(name -> Long.parseLong(name.substring(0, name.length() - 5)))
          .max()
          .orElse(-1);
    }
  }

  /** Removes what a crash left of files that were being written. */
  private void removeRemains() throws IOException {
    for (Path place : List.of(directory, manifests)) {
      try (Stream<Path> files = Files.list(place)) {
        for (Path file :
            files.filter(it -> String.valueOf(it.getFileName()).startsWith(".new-")).toList()) {
          Files.deleteIfExists(file);
        }
      }
    }
    removeUncommittedDigests();
  }

  /**
   * File locks exclude processes; within one process a second lock throws, so that is waited for as
   * well.
   */
  private long underLock(Step step) throws IOException {
    Instant giveUp = Instant.now().plus(GUARD_WAIT);
    try (FileChannel channel =
        FileChannel.open(
            directory.resolve("lock"), StandardOpenOption.CREATE, StandardOpenOption.WRITE)) {
      while (true) {
        try (FileLock lock = channel.tryLock()) {
          if (lock != null) {
            return step.apply();
          }
        } catch (OverlappingFileLockException e) {
          // held by another thread of this process
        }
        if (Instant.now().isAfter(giveUp)) {
          throw new ConflictException(
              SyncException.failed("lock chain", chain)
                  .because("its lock file was held for %d s", GUARD_WAIT.toSeconds())
                  .advice("Look for a stopped process that has the chain store open."));
        }
        pause();
      }
    }
  }

  private void pause() {
    try {
      Thread.sleep(2);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new ConflictException(
          SyncException.failed("lock chain", chain).because("the thread was interrupted").cause(e));
    }
  }
}
