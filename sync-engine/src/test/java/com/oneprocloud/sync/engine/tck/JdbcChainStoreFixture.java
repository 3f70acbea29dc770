// SPDX-License-Identifier: Apache-2.0
package com.oneprocloud.sync.engine.tck;

import com.oneprocloud.sync.api.chain.ChainId;
import com.oneprocloud.sync.api.chain.ChainStore;
import com.oneprocloud.sync.api.tck.ChainStoreFixture;
import com.oneprocloud.sync.engine.JdbcChainStore;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
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

  /** Changes rows behind the store's back. */
  public final void update(String sql, Object... values) {
    try (Connection connection = source.getConnection();
        PreparedStatement statement = connection.prepareStatement(sql)) {
      for (int i = 0; i < values.length; i++) {
        statement.setObject(i + 1, values[i]);
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
