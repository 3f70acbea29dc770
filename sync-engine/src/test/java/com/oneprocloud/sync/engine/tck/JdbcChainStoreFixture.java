// SPDX-License-Identifier: Apache-2.0
package com.oneprocloud.sync.engine.tck;

import com.oneprocloud.sync.api.chain.ChainId;
import com.oneprocloud.sync.api.chain.ChainStore;
import com.oneprocloud.sync.api.tck.ChainStoreFixture;
import com.oneprocloud.sync.engine.JdbcChainStore;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.function.UnaryOperator;
import javax.sql.DataSource;

/** The tables of a {@link JdbcChainStore} in a database of the test's own. */
public class JdbcChainStoreFixture implements ChainStoreFixture {
  private final DataSource source;

  /** An empty database. */
  public JdbcChainStoreFixture(DataSource source) {
    this.source = source;
  }

  @Override
  public ChainStore connect() {
    return JdbcChainStore.on(source);
  }

  /** The same: no proxy's clock is asked. */
  @Override
  public ChainStore connect(Duration ahead) {
    return connect();
  }

  @Override
  public Duration skewTolerated() {
    return Duration.ZERO;
  }

  /** The database's clock goes on by itself; leases are made to be older. */
  @Override
  public void pass(Duration time) {
    update("UPDATE sync_chain SET expires = expires - ?", time.toMillis());
  }

  @Override
  public void rewrite(ChainId chain, long sequence, UnaryOperator<byte[]> change) {
    byte[] record =
        read("SELECT record FROM sync_manifest WHERE sequence_number = ?", sequence).get(0);
    update(
        "UPDATE sync_manifest SET record = ? WHERE sequence_number = ?",
        change.apply(record),
        sequence);
  }

  @Override
  public void remove(ChainId chain, long sequence) {
    update("DELETE FROM sync_manifest WHERE sequence_number = ?", sequence);
  }

  @Override
  public void rewriteDigests(ChainId chain, long sequence, UnaryOperator<byte[]> change) {
    ByteArrayOutputStream record = new ByteArrayOutputStream();
    read("SELECT bytes FROM sync_digests WHERE sequence_number = ? ORDER BY piece", sequence)
        .forEach(record::writeBytes);
    byte[] changed = change.apply(record.toByteArray());
    // whatever the length of its rows is
    int half = changed.length / 2;
    update("UPDATE sync_digests SET bytes = ? WHERE sequence_number = ?", new byte[0], sequence);
    update(
        "UPDATE sync_digests SET bytes = ? WHERE sequence_number = ? AND piece = 0",
        Arrays.copyOf(changed, half),
        sequence);
    update(
        "UPDATE sync_digests SET bytes = ? WHERE sequence_number = ? AND piece = 1",
        Arrays.copyOfRange(changed, half, changed.length),
        sequence);
  }

  @Override
  public void removeDigests(ChainId chain, long sequence) {
    update("DELETE FROM sync_digests WHERE sequence_number = ?", sequence);
  }

  @Override
  public Set<Long> digests(ChainId chain) {
    try (Connection connection = source.getConnection();
        PreparedStatement statement =
            connection.prepareStatement("SELECT DISTINCT sequence_number FROM sync_digests");
        ResultSet rows = statement.executeQuery()) {
      Set<Long> found = new HashSet<>();
      while (rows.next()) {
        found.add(rows.getLong(1));
      }
      return found;
    } catch (SQLException e) {
      throw new IllegalStateException(e);
    }
  }

  /** Changes rows behind the store's back. */
  public final void update(String sql, Object... values) {
    try (Connection connection = source.getConnection();
        PreparedStatement statement = connection.prepareStatement(sql)) {
      for (int i = 0; i < values.length; i++) {
        if (values[i] instanceof byte[] bytes) {
          // not as an array: H2 takes no long one
          statement.setBinaryStream(i + 1, new ByteArrayInputStream(bytes), bytes.length);
        } else {
          statement.setObject(i + 1, values[i]);
        }
      }
      statement.executeUpdate();
    } catch (SQLException e) {
      throw new IllegalStateException(sql, e);
    }
  }

  private List<byte[]> read(String sql, long value) {
    try (Connection connection = source.getConnection();
        PreparedStatement statement = connection.prepareStatement(sql)) {
      statement.setLong(1, value);
      List<byte[]> found = new ArrayList<>();
      try (ResultSet rows = statement.executeQuery()) {
        while (rows.next()) {
          found.add(rows.getBytes(1));
        }
      }
      return found;
    } catch (SQLException e) {
      throw new IllegalStateException(sql, e);
    }
  }

  @Override
  public void close() {}
}
