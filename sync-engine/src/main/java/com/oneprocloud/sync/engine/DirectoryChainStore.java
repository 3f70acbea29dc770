// SPDX-License-Identifier: Apache-2.0
package com.oneprocloud.sync.engine;

import com.oneprocloud.sync.api.ChainBrokenException;
import com.oneprocloud.sync.api.StorageException;
import com.oneprocloud.sync.api.SyncException;
import com.oneprocloud.sync.api.chain.ChainId;
import com.oneprocloud.sync.api.chain.ChainStore;
import com.oneprocloud.sync.api.chain.CommittedManifest;
import com.oneprocloud.sync.api.chain.Lease;
import com.oneprocloud.sync.api.chain.Manifest;
import com.oneprocloud.sync.api.chain.ManifestHash;
import com.oneprocloud.sync.api.chain.OpenRun;
import com.oneprocloud.sync.api.chain.RunProgress;
import com.oneprocloud.sync.engine.internal.chain.ChainDirectory;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * A chain store in a directory: readable JSON records, each made durable before it counts.
 *
 * <p>For one proxy, or several that share a POSIX file system with working file locks. A chain is a
 * directory {@code <group>/<disk>/<target>} with {@code manifests/<sequence>.json}, {@code
 * run.json} while a run is open, and {@code lease.json}.
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
          List<CommittedManifest> manifests = new ArrayList<>();
          Optional<CommittedManifest> next = directory.head();
          while (next.isPresent() && manifests.size() < most) {
            CommittedManifest manifest = next.get();
            manifests.add(manifest);
            next = manifests.size() < most ? before(directory, manifest) : Optional.empty();
          }
          return manifests;
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
  public CommittedManifest commit(Lease lease, Manifest manifest) {
    DirectoryLease own = own(lease);
    if (!manifest.chain().equals(lease.chain())) {
      throw new IllegalArgumentException("a manifest of another chain: " + manifest.chain());
    }
    own.checkOpen();
    return io("commit", lease.chain(), () -> own.directory.commit(own.token, manifest));
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

  private static Optional<CommittedManifest> before(
      ChainDirectory directory, CommittedManifest manifest) throws IOException {
    Optional<ManifestHash> previous = manifest.manifest().previous();
    if (previous.isEmpty()) {
      return Optional.empty();
    }
    CommittedManifest older =
        directory
            .manifest(manifest.manifest().sequence() - 1)
            .orElseThrow(() -> broken(manifest.manifest(), "its predecessor is missing"));
    if (!older.hash().equals(previous.get())) {
      throw broken(manifest.manifest(), "its predecessor was changed");
    }
    return Optional.of(older);
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

  private static ChainBrokenException broken(Manifest manifest, String why) {
    return new ChainBrokenException(
        SyncException.failed("read manifest", manifest.chain() + " #" + manifest.sequence())
            .because(why)
            .advice("Restore the chain store from its backup, or start the chain anew."));
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

  private static final class DirectoryLease implements Lease {
    private final ChainDirectory directory;
    private final long token;
    private final Duration time;
    private volatile boolean closed;

    DirectoryLease(ChainDirectory directory, long token, Duration time) {
      this.directory = directory;
      this.token = token;
      this.time = time;
    }

    @Override
    public ChainId chain() {
      return directory.chain();
    }

    @Override
    public long token() {
      return token;
    }

    @Override
    public synchronized void renew() {
      checkOpen();
      change("renew lease", chain(), () -> directory.renew(token, time));
    }

    /** Not beside a renewal, which would take again what was given back. */
    @Override
    public synchronized void close() {
      if (closed) {
        return;
      }
      closed = true;
      // an interrupted thread could read no file
      boolean interrupted = Thread.interrupted();
      try {
        change("give lease back", chain(), () -> directory.release(token));
      } finally {
        if (interrupted) {
          Thread.currentThread().interrupt();
        }
      }
    }

    void checkOpen() {
      if (closed) {
        throw new IllegalStateException("the lease of " + chain() + " was given back");
      }
    }

    void write(String operation, GuardedChange change) {
      checkOpen();
      change(operation, chain(), () -> directory.guarded(token, () -> change.apply(directory)));
    }
  }
}
