// SPDX-License-Identifier: Apache-2.0
package com.oneprocloud.sync.engine;

import com.oneprocloud.sync.api.StorageException;
import com.oneprocloud.sync.api.UnsupportedException;
import com.oneprocloud.sync.api.chain.ChainId;
import com.oneprocloud.sync.api.chain.ChainStore;
import com.oneprocloud.sync.api.chain.CommittedManifest;
import com.oneprocloud.sync.api.chain.DigestInput;
import com.oneprocloud.sync.api.chain.DigestOutput;
import com.oneprocloud.sync.api.chain.Lease;
import com.oneprocloud.sync.api.chain.Manifest;
import com.oneprocloud.sync.api.chain.OpenRun;
import com.oneprocloud.sync.api.chain.RunProgress;
import com.oneprocloud.sync.engine.internal.chain.ChainSchema;
import com.oneprocloud.sync.engine.internal.chain.ChainTable;
import com.oneprocloud.sync.engine.internal.chain.CheckedDigests;
import com.oneprocloud.sync.engine.internal.chain.Database;
import com.oneprocloud.sync.engine.internal.chain.DigestRows;
import com.oneprocloud.sync.engine.internal.chain.HeldLease;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import javax.sql.DataSource;

/**
 * A chain store in a database: for several proxies in PostgreSQL, MariaDB or MySQL, for one in an
 * embedded H2. The manifests are the same JSON records as those of a {@link DirectoryChainStore}.
 *
 * <p>Every write is one transaction that begins by locking the chain's row and finding the lease's
 * token in it. Leases expire by the database's clock, so the clocks of the proxies do not matter.
 *
 * <p>Every call takes a connection from the data source and gives it back as it was: a pooling one
 * is best. Give it time limits for connecting and for answers; the store waits as long as it does.
 * MySQL and MariaDB need {@code max_allowed_packet} of 16 MiB (their default) or more. An H2 in a
 * file is best opened as {@code jdbc:h2:async:...}: a thread that is interrupted would close it
 * otherwise.
 */
public final class JdbcChainStore implements ChainStore {
  private final Database database;

  private JdbcChainStore(Database database) {
    this.database = database;
  }

  /**
   * A store in the tables {@code sync_chain}, {@code sync_manifest}, {@code sync_digests} and
   * {@code sync_schema} of a database, which are made if they are not there.
   *
   * @param source gives connections; stays the caller's
   * @throws UnsupportedException if a later version of this SDK made the tables
   * @throws StorageException if the database cannot be reached, or the tables not be made
   */
  public static JdbcChainStore on(DataSource source) {
    Database database = Database.on(source);
    ChainSchema.prepare(database);
    return new JdbcChainStore(database);
  }

  @Override
  public Lease acquire(ChainId chain, String holder, Duration time) {
    ChainTable table = new ChainTable(database, chain);
    return new JdbcLease(table, table.acquire(holder, time), time);
  }

  @Override
  public List<CommittedManifest> newest(ChainId chain, int most) {
    return new ChainTable(database, chain).newest(most);
  }

  @Override
  public Optional<OpenRun> openRun(ChainId chain) {
    return new ChainTable(database, chain).openRun();
  }

  @Override
  public Optional<RunProgress> progress(ChainId chain) {
    return new ChainTable(database, chain).progress();
  }

  @Override
  public void open(Lease lease, OpenRun run) {
    JdbcLease own = own(lease);
    if (!run.chain().equals(lease.chain())) {
      throw new IllegalArgumentException("a run of another chain: " + run.chain());
    }
    own.table.open(own.token(), run);
  }

  @Override
  public void progress(Lease lease, RunProgress progress, boolean durable) {
    JdbcLease own = own(lease);
    own.table.progress(own.token(), progress, durable);
  }

  @Override
  public void abandon(Lease lease) {
    JdbcLease own = own(lease);
    own.table.abandon(own.token());
  }

  @Override
  public DigestOutput writeDigests(Lease lease) {
    JdbcLease own = own(lease);
    return new DigestRows.Output(own.table, own);
  }

  @Override
  public DigestInput readDigests(Manifest manifest) {
    CheckedDigests.expected(manifest);
    ChainTable table = new ChainTable(database, manifest.chain());
    return new CheckedDigests(manifest, new DigestRows.Input(table, manifest));
  }

  @Override
  public CommittedManifest commit(Lease lease, Manifest manifest) {
    JdbcLease own = own(lease);
    if (!manifest.chain().equals(lease.chain())) {
      throw new IllegalArgumentException("a manifest of another chain: " + manifest.chain());
    }
    return own.table.commit(own.token(), manifest);
  }

  @Override
  public List<ChainId> chains() {
    return ChainTable.list(database);
  }

  /** Does nothing: the data source is the caller's. */
  @Override
  public void close() {}

  @Override
  public String toString() {
    return "chain store in " + database;
  }

  private static JdbcLease own(Lease lease) {
    if (lease instanceof JdbcLease own) {
      own.checkOpen();
      return own;
    }
    throw new IllegalArgumentException("a lease of another store: " + lease);
  }

  private static final class JdbcLease extends HeldLease {
    private final ChainTable table;
    private final Duration time;

    JdbcLease(ChainTable table, long token, Duration time) {
      super(table.chain(), token);
      this.table = table;
      this.time = time;
    }

    @Override
    protected void extend() {
      table.renew(token(), time);
    }

    @Override
    protected void release() {
      table.release(token());
    }
  }
}
