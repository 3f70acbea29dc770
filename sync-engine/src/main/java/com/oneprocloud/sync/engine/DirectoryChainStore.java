// SPDX-License-Identifier: Apache-2.0
package com.oneprocloud.sync.engine;

import com.oneprocloud.sync.api.StorageException;
import com.oneprocloud.sync.api.SyncException;
import com.oneprocloud.sync.api.chain.ChainId;
import com.oneprocloud.sync.api.chain.ChainStore;
import com.oneprocloud.sync.api.chain.CommittedManifest;
import com.oneprocloud.sync.api.chain.DigestInput;
import com.oneprocloud.sync.api.chain.DigestOutput;
import com.oneprocloud.sync.api.chain.Lease;
import com.oneprocloud.sync.api.chain.Manifest;
import com.oneprocloud.sync.api.chain.OpenRun;
import com.oneprocloud.sync.api.chain.RunProgress;
import com.oneprocloud.sync.engine.internal.chain.ChainDirectory;
import com.oneprocloud.sync.engine.internal.chain.ChainWalk;
import com.oneprocloud.sync.engine.internal.chain.CheckedDigests;
import com.oneprocloud.sync.engine.internal.chain.DigestFiles;
import com.oneprocloud.sync.engine.internal.chain.HeldLease;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Clock;
import java.time.Duration;
import java.util.List;
import java.util.Optional;

/**
 * A chain store in a directory: readable JSON records, each made durable before it counts.
 *
 * <p>For one proxy, or several that share a POSIX file system with working file locks. A chain is a
 * directory {@code <group>/<disk>/<target>} with {@code manifests/<sequence>.json} and {@code
 * manifests/<sequence>.digests}, {@code run.json} while a run is open, and {@code lease.json}.
 */
public final class DirectoryChainStore implements ChainStore {
  private final Path root;
  private final Clock clock;

  private DirectoryChainStore(Path root, Clock clock) {
    this.root = root;
    this.clock = clock;
  }

  /**
   * A store in a directory, which is made when the first chain is.
   *
   * @param root the directory; on a file system that keeps what was flushed, not on tmpfs
   */
  public static DirectoryChainStore at(Path root) {
    return at(root, Clock.systemUTC());
  }

  /**
   * A store that takes the time from a clock: for tests of leases.
   *
   * @param root the directory
   * @param clock tells when leases expire; must agree between proxies to within 5 s, which others
   *     wait longer than a lease's holder before they take it over. If it does not, a proxy may
   *     lose its lease too early, but never commit beside another
   */
  public static DirectoryChainStore at(Path root, Clock clock) {
    return new DirectoryChainStore(root.toAbsolutePath(), clock);
  }

  @Override
  public Lease acquire(ChainId chain, String holder, Duration time) {
    ChainDirectory directory = directory(chain);
    return io(
        "acquire lease",
        chain,
        () -> {
          long token = directory.acquire(holder, time);
          return new DirectoryLease(directory, token, time);
        });
  }

  @Override
  public List<CommittedManifest> newest(ChainId chain, int most) {
    return io(
        "read manifests",
        chain,
        () -> {
          ChainDirectory directory = directory(chain);
          return ChainWalk.from(directory.head(), most, directory::manifest);
        });
  }

  @Override
  public Optional<OpenRun> openRun(ChainId chain) {
    return io("read open run", chain, () -> directory(chain).openRun());
  }

  @Override
  public Optional<RunProgress> progress(ChainId chain) {
    return io("read progress", chain, () -> directory(chain).progress());
  }

  @Override
  public void open(Lease lease, OpenRun run) {
    if (!run.chain().equals(lease.chain())) {
      throw new IllegalArgumentException("a run of another chain: " + run.chain());
    }
    own(lease).write("record open run", directory -> directory.open(run));
  }

  @Override
  public void progress(Lease lease, RunProgress progress, boolean durable) {
    own(lease).write("record progress", directory -> directory.progress(progress, durable));
  }

  @Override
  public void abandon(Lease lease) {
    own(lease).write("abandon run", ChainDirectory::closeRun);
  }

  @Override
  public DigestOutput writeDigests(Lease lease) {
    DirectoryLease own = own(lease);
    DigestFiles.Fresh[] begun = new DigestFiles.Fresh[1];
    own.write("begin record of digests", directory -> begun[0] = directory.beginDigests());
    return new FileOutput(own, begun[0]);
  }

  @Override
  public DigestInput readDigests(Manifest manifest) {
    CheckedDigests.expected(manifest);
    Path file = directory(manifest.chain()).digests(manifest.sequence());
    return io(
        "read digests",
        manifest.chain(),
        () -> {
          try {
            return new CheckedDigests(
                manifest, new FileInput(file, FileChannel.open(file, StandardOpenOption.READ)));
          } catch (NoSuchFileException e) {
            throw CheckedDigests.missing(manifest);
          }
        });
  }

  @Override
  public CommittedManifest commit(Lease lease, Manifest manifest) {
    DirectoryLease own = own(lease);
    if (!manifest.chain().equals(lease.chain())) {
      throw new IllegalArgumentException("a manifest of another chain: " + manifest.chain());
    }
    own.checkOpen();
    return io("commit", lease.chain(), () -> own.directory.commit(own.token(), manifest));
  }

  @Override
  public List<ChainId> chains() {
    return io("list chains", root, () -> ChainDirectory.list(root));
  }

  /** Does nothing: a store holds no resource between calls. */
  @Override
  public void close() {}

  @Override
  public String toString() {
    return "chain store in " + root;
  }

  private ChainDirectory directory(ChainId chain) {
    return new ChainDirectory(root, chain, clock);
  }

  private static DirectoryLease own(Lease lease) {
    if (lease instanceof DirectoryLease own) {
      return own;
    }
    throw new IllegalArgumentException("a lease of another store: " + lease);
  }

  private interface Action<T> {
    T run() throws IOException;
  }

  private interface Change {
    void apply() throws IOException;
  }

  private interface GuardedChange {
    void apply(ChainDirectory directory) throws IOException;
  }

  private static <T> T io(String operation, Object subject, Action<T> action) {
    try {
      return action.run();
    } catch (IOException e) {
      throw failed(operation, subject, e);
    }
  }

  private static void change(String operation, Object subject, Change change) {
    try {
      change.apply();
    } catch (IOException e) {
      throw failed(operation, subject, e);
    }
  }

  private static StorageException failed(String operation, Object subject, IOException cause) {
    return new StorageException(
        SyncException.failed(operation, subject)
            .because(
                "the chain store cannot be read or written: %s", String.valueOf(cause.getMessage()))
            .advice("Check space, permissions and health of the chain store's file system.")
            .cause(cause));
  }

  private record FileInput(Path file, FileChannel channel) implements DigestInput {
    @Override
    public int read(ByteBuffer into) {
      return io("read digests", file, () -> channel.read(into));
    }

    @Override
    public void close() {
      change("close digests", file, channel::close);
    }
  }

  private record FileOutput(DirectoryLease lease, DigestFiles.Fresh record)
      implements DigestOutput {
    @Override
    public void write(ByteBuffer bytes) {
      lease.checkOpen();
      change("record digests", lease.chain(), () -> record.write(bytes));
    }

    @Override
    public void finish() {
      change("record digests", lease.chain(), record::end);
      lease.write("record digests", directory -> directory.endDigests(record));
    }

    @Override
    public void close() {
      change("drop digests", lease.chain(), record::discard);
    }
  }

  private static final class DirectoryLease extends HeldLease {
    private final ChainDirectory directory;
    private final Duration time;

    DirectoryLease(ChainDirectory directory, long token, Duration time) {
      super(directory.chain(), token);
      this.directory = directory;
      this.time = time;
    }

    @Override
    protected void extend() {
      change("renew lease", chain(), () -> directory.renew(token(), time));
    }

    @Override
    protected void release() {
      change("give lease back", chain(), () -> directory.release(token()));
    }

    void write(String operation, GuardedChange change) {
      checkOpen();
      change(operation, chain(), () -> directory.guarded(token(), () -> change.apply(directory)));
    }
  }
}
