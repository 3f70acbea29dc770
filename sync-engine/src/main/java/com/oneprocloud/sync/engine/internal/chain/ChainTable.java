// SPDX-License-Identifier: Apache-2.0
package com.oneprocloud.sync.engine.internal.chain;

import com.oneprocloud.sync.api.StorageException;
import com.oneprocloud.sync.api.chain.ChainId;
import com.oneprocloud.sync.api.chain.CommittedManifest;
import com.oneprocloud.sync.api.chain.Manifest;
import com.oneprocloud.sync.api.chain.ManifestHash;
import com.oneprocloud.sync.api.chain.OpenRun;
import com.oneprocloud.sync.api.chain.RunProgress;
import java.io.ByteArrayInputStream;
import java.nio.charset.StandardCharsets;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * One chain's rows. Its row in {@code sync_chain} has the lease and the open run; every write locks
 * that row first and finds the lease's token in it still, so writes to a chain happen one after the
 * other and never with a lease that was lost.
 *
 * <p>Rows are found by a hash of the chain's id, and texts are kept as UTF-8: databases disagree on
 * which letters are equal.
 */
public final class ChainTable {
  private final Database database;
  private final ChainId chain;
  private final String key;

  /** The rows of a chain. */
  public ChainTable(Database database, ChainId chain) {
    this.database = database;
    this.chain = chain;
    this.key = key(chain);
  }

  private static String key(ChainId chain) {
    StringBuilder id = new StringBuilder();
    for (String part : List.of(chain.replica().group(), chain.replica().disk(), chain.target())) {
      id.append(part.length()).append(':').append(part);
    }
    return ManifestRecord.hash(utf8(id.toString())).hex();
  }

  /** The chains in a database. */
  public static List<ChainId> list(Database database) {
    return database.transaction(
        "list chains",
        database,
        connection -> {
          List<ChainId> chains = new ArrayList<>();
          try (PreparedStatement select =
                  connection.prepareStatement("SELECT record FROM sync_chain ORDER BY chain_key");
              ResultSet rows = select.executeQuery()) {
            while (rows.next()) {
              chains.add(ManifestRecord.readChain(bytes(rows, 1), database));
            }
          }
          return chains;
        });
  }

  /** The chain. */
  public ChainId chain() {
    return chain;
  }

  /** Takes the lease; the token of the new lease. */
  public long acquire(String holder, Duration time) {
    makeRow();
    return database.transaction(
        "acquire lease",
        chain,
        connection -> {
          Held held = lock(connection).orElseThrow(() -> Refusals.lost(chain, "a removed chain"));
          // after the lock, which may have been waited for
          long now = now(connection);
          if (now < held.expires) {
            throw Refusals.held(chain, held.holder, Instant.ofEpochMilli(held.expires));
          }
          // the time, so that it grows even if somebody removed the row
          long token = Math.max(held.token + 1, now);
          update(
              connection,
              "UPDATE sync_chain SET token = ?, expires = ?, holder = ? WHERE chain_key = ?",
              token,
              now + time.toMillis(),
              utf8(holder),
              key);
          return token;
        });
  }

  /** Extends the lease. */
  public void renew(long token, Duration time) {
    guarded(
        "renew lease",
        token,
        connection ->
            update(
                connection,
                "UPDATE sync_chain SET expires = ? WHERE chain_key = ?",
                now(connection) + time.toMillis(),
                key));
  }

  /** Gives the lease back, unless it was lost. */
  public void release(long token) {
    database.transaction(
        "give lease back",
        chain,
        connection ->
            update(
                connection,
                "UPDATE sync_chain SET expires = 0 WHERE chain_key = ? AND token = ?",
                key,
                token));
  }

  /** The newest manifests. */
  public List<CommittedManifest> newest(int most) {
    return database.transaction(
        "read manifests",
        chain,
        connection ->
            ChainWalk.from(head(connection), most, sequence -> manifest(connection, sequence)));
  }

  /** The open run. */
  public Optional<OpenRun> openRun() {
    return database.transaction(
        "read open run",
        chain,
        connection ->
            row(
                connection,
                "SELECT run_record FROM sync_chain WHERE chain_key = ? AND run_id IS NOT NULL",
                row -> ManifestRecord.readRun(bytes(row, 1), chain)));
  }

  /** How far the open run has come. */
  public Optional<RunProgress> progress() {
    return database.transaction(
        "read progress",
        chain,
        connection ->
            row(
                connection,
                "SELECT written, flushed, epoch FROM sync_chain WHERE chain_key = ?"
                    + " AND run_id IS NOT NULL AND epoch IS NOT NULL",
                row -> new RunProgress(row.getLong(1), row.getLong(2), text(bytes(row, 3)))));
  }

  /** Records a run as open. */
  public void open(long token, OpenRun run) {
    guarded(
        "record open run",
        token,
        connection -> {
          Optional<String> before =
              row(
                  connection,
                  "SELECT run_id FROM sync_chain WHERE chain_key = ? AND run_id IS NOT NULL",
                  row -> row.getString(1));
          if (!before.equals(Optional.of(run.run().value()))) {
            closeRun(connection);
          }
          return update(
              connection,
              "UPDATE sync_chain SET run_id = ?, run_record = ? WHERE chain_key = ?",
              run.run().value(),
              ManifestRecord.write(run),
              key);
        });
  }

  /** Records progress of the open run. */
  public void progress(long token, RunProgress progress, boolean durable) {
    database.transaction(
        "record progress",
        chain,
        connection -> {
          if (!durable && database.dialect() == Database.Dialect.POSTGRESQL) {
            // in the server's memory it survives the end of this process
            update(connection, "SET LOCAL synchronous_commit TO OFF");
          }
          int changed =
              update(
                  connection,
                  "UPDATE sync_chain SET written = ?, flushed = ?, epoch = ?"
                      + " WHERE chain_key = ? AND token = ? AND run_id IS NOT NULL",
                  progress.written(),
                  progress.flushed(),
                  utf8(progress.epoch()),
                  key,
                  token);
          if (changed == 0) {
            checkHeld(connection, token);
            checkRun(connection);
          }
          return changed;
        });
  }

  /** Records that the open run was given up. */
  public void abandon(long token) {
    guarded("abandon run", token, this::closeRun);
  }

  /** Begins the record of digests of the next manifest. */
  public void beginDigests(long token) {
    guarded(
        "begin record of digests",
        token,
        connection ->
            update(
                connection,
                "DELETE FROM sync_digests WHERE chain_key = ? AND sequence_number > ?",
                key,
                newestSequence(connection)));
  }

  /**
   * Adds a piece to the record of digests of the next manifest.
   *
   * @param piece its number, from 0
   */
  public void addDigests(long token, int piece, byte[] bytes) {
    guarded(
        "record digests",
        token,
        connection -> {
          long sequence = newestSequence(connection) + 1;
          update(
              connection,
              "DELETE FROM sync_digests WHERE chain_key = ? AND sequence_number = ? AND piece = ?",
              key,
              sequence,
              piece);
          return update(
              connection,
              "INSERT INTO sync_digests (chain_key, sequence_number, piece, bytes)"
                  + " VALUES (?, ?, ?, ?)",
              key,
              sequence,
              piece,
              bytes);
        });
  }

  /** A piece of a record of digests, if there is one. */
  public Optional<byte[]> digests(long sequence, int piece) {
    return database.transaction(
        "read digests",
        chain,
        connection -> {
          try (PreparedStatement select =
              connection.prepareStatement(
                  "SELECT bytes FROM sync_digests"
                      + " WHERE chain_key = ? AND sequence_number = ? AND piece = ?")) {
            select.setString(1, key);
            select.setLong(2, sequence);
            select.setInt(3, piece);
            try (ResultSet row = select.executeQuery()) {
              return row.next() ? Optional.of(bytes(row, 1)) : Optional.empty();
            }
          }
        });
  }

  private void checkDigests(Connection connection, Manifest manifest) throws SQLException {
    if (manifest.digests().isEmpty()) {
      update(
          connection,
          "DELETE FROM sync_digests WHERE chain_key = ? AND sequence_number >= ?",
          key,
          manifest.sequence());
      return;
    }
    try (PreparedStatement select =
        connection.prepareStatement(
            "SELECT SUM(OCTET_LENGTH(bytes)) FROM sync_digests"
                + " WHERE chain_key = ? AND sequence_number = ?")) {
      select.setString(1, key);
      select.setLong(2, manifest.sequence());
      try (ResultSet row = select.executeQuery()) {
        if (!row.next() || row.getLong(1) != manifest.digests().get().bytes()) {
          throw Refusals.noDigests(manifest);
        }
      }
    }
  }

  private long newestSequence(Connection connection) throws SQLException {
    return row(
            connection,
            "SELECT MAX(sequence_number) FROM sync_manifest WHERE chain_key = ?"
                + " HAVING COUNT(*) > 0",
            row -> row.getLong(1))
        .orElse(-1L);
  }

  /** Commits a manifest and closes the run. */
  public CommittedManifest commit(long token, Manifest manifest) {
    byte[] record = ManifestRecord.write(manifest);
    ManifestHash hash = ManifestRecord.hash(record);
    try {
      guarded(
          "commit",
          token,
          connection -> {
            Optional<CommittedManifest> head = head(connection);
            boolean follows =
                head.map(CommittedManifest::hash).equals(manifest.previous())
                    && ChainHead.nextSequence(head) == manifest.sequence();
            if (!follows) {
              throw Refusals.moved(manifest);
            }
            checkDigests(connection, manifest);
            update(
                connection,
                "INSERT INTO sync_manifest (chain_key, sequence_number, record) VALUES (?, ?, ?)",
                key,
                manifest.sequence(),
                record);
            if (manifest.digests().isPresent()) {
              update(
                  connection,
                  "DELETE FROM sync_digests WHERE chain_key = ? AND sequence_number < ?",
                  key,
                  manifest.digests().get().base());
            }
            return closeRun(connection);
          });
    } catch (StorageException e) {
      if (!committed(manifest.sequence(), hash, e)) {
        throw e;
      }
    }
    return new CommittedManifest(manifest, hash);
  }

  /** Whether only the answer to a commit was lost. */
  private boolean committed(long sequence, ManifestHash hash, StorageException failure) {
    try {
      Optional<CommittedManifest> found =
          database.transaction(
              "read manifest", chain, connection -> manifest(connection, sequence));
      return found.map(CommittedManifest::hash).equals(Optional.of(hash));
    } catch (RuntimeException e) {
      failure.addSuppressed(e);
      return false;
    }
  }

  /** Makes a change if the token is still the newest. */
  private void guarded(String operation, long token, Database.Work<Integer> change) {
    database.transaction(
        operation,
        chain,
        connection -> {
          checkHeld(connection, token);
          return change.on(connection);
        });
  }

  private void checkHeld(Connection connection, long token) throws SQLException {
    Optional<Held> held = lock(connection);
    if (held.isEmpty() || held.get().token != token) {
      throw Refusals.lost(
          chain, held.map(it -> it.holder).orElse("somebody who removed its record"));
    }
  }

  private void checkRun(Connection connection) throws SQLException {
    boolean open =
        row(
                connection,
                "SELECT run_id FROM sync_chain WHERE chain_key = ? AND run_id IS NOT NULL",
                row -> row.getString(1))
            .isPresent();
    if (!open) {
      throw new IllegalStateException("no run is open on " + chain);
    }
  }

  private int closeRun(Connection connection) throws SQLException {
    return update(
        connection,
        "UPDATE sync_chain SET run_id = NULL, run_record = NULL, written = NULL, flushed = NULL,"
            + " epoch = NULL WHERE chain_key = ?",
        key);
  }

  private record Held(long token, long expires, String holder) {}

  private Optional<Held> lock(Connection connection) throws SQLException {
    return row(
        connection,
        "SELECT token, expires, holder FROM sync_chain WHERE chain_key = ? FOR UPDATE",
        row -> {
          byte[] holder = row.getBytes(3);
          return new Held(row.getLong(1), row.getLong(2), holder == null ? "" : text(holder));
        });
  }

  private void makeRow() {
    database.transaction(
        "make chain",
        chain,
        connection -> {
          if (row(
                  connection,
                  "SELECT token FROM sync_chain WHERE chain_key = ?",
                  row -> row.getLong(1))
              .isPresent()) {
            return 0;
          }
          try {
            return update(
                connection,
                "INSERT INTO sync_chain (chain_key, record, token, expires) VALUES (?, ?, 0, 0)",
                key,
                ManifestRecord.chainRecord(chain));
          } catch (SQLException e) {
            if (Database.exists(e)) {
              connection.rollback();
              return 0;
            }
            throw e;
          }
        });
  }

  private long now(Connection connection) throws SQLException {
    try (PreparedStatement select = connection.prepareStatement(database.dialect().now);
        ResultSet row = select.executeQuery()) {
      row.next();
      return row.getLong(1);
    }
  }

  private Optional<CommittedManifest> head(Connection connection) throws SQLException {
    long newest = newestSequence(connection);
    return newest < 0 ? Optional.empty() : manifest(connection, newest);
  }

  private Optional<CommittedManifest> manifest(Connection connection, long sequence)
      throws SQLException {
    try (PreparedStatement select =
        connection.prepareStatement(
            "SELECT record FROM sync_manifest WHERE chain_key = ? AND sequence_number = ?")) {
      select.setString(1, key);
      select.setLong(2, sequence);
      try (ResultSet row = select.executeQuery()) {
        if (!row.next()) {
          return Optional.empty();
        }
        byte[] record = bytes(row, 1);
        String place = chain + " #" + sequence;
        Manifest manifest = ManifestRecord.readManifest(record, place);
        if (manifest.sequence() != sequence || !manifest.chain().equals(chain)) {
          throw Refusals.misplaced(place, manifest);
        }
        return Optional.of(new CommittedManifest(manifest, ManifestRecord.hash(record)));
      }
    }
  }

  private interface Reader<T> {
    T read(ResultSet row) throws SQLException;
  }

  /** The chain's row, if the query finds it. */
  private <T> Optional<T> row(Connection connection, String query, Reader<T> reader)
      throws SQLException {
    try (PreparedStatement select = connection.prepareStatement(query)) {
      select.setString(1, key);
      try (ResultSet row = select.executeQuery()) {
        return row.next() ? Optional.of(reader.read(row)) : Optional.empty();
      }
    }
  }

  private static int update(Connection connection, String sql, Object... values)
      throws SQLException {
    try (PreparedStatement statement = connection.prepareStatement(sql)) {
      for (int i = 0; i < values.length; i++) {
        if (values[i] instanceof byte[] bytes) {
          // not as an array: H2 takes no long one
          statement.setBinaryStream(i + 1, new ByteArrayInputStream(bytes), bytes.length);
        } else {
          statement.setObject(i + 1, values[i]);
        }
      }
      return statement.executeUpdate();
    }
  }

  private static byte[] bytes(ResultSet row, int column) throws SQLException {
    byte @Nullable [] bytes = row.getBytes(column);
    return bytes == null ? new byte[0] : bytes;
  }

  private static byte[] utf8(String text) {
    return text.getBytes(StandardCharsets.UTF_8);
  }

  private static String text(byte[] utf8) {
    return new String(utf8, StandardCharsets.UTF_8);
  }
}
