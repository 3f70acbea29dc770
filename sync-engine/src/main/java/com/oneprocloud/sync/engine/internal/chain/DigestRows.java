// SPDX-License-Identifier: Apache-2.0
package com.oneprocloud.sync.engine.internal.chain;

import com.oneprocloud.sync.api.chain.DigestInput;
import com.oneprocloud.sync.api.chain.DigestOutput;
import com.oneprocloud.sync.api.chain.Manifest;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.Optional;

/** Records of digests in a database: rows of a few hundred KiB, one at a time in memory. */
public final class DigestRows {
  /** Bytes of a row; well below the packets that databases take. */
  private static final int PIECE = 512 << 10;

  private DigestRows() {}

  /** Writes rows. */
  public static final class Output implements DigestOutput {
    private final ChainTable table;
    private final HeldLease lease;
    private final byte[] piece = new byte[PIECE];
    private int held;
    private int pieces;

    /** Begins a record. */
    public Output(ChainTable table, HeldLease lease) {
      this.table = table;
      this.lease = lease;
      table.beginDigests(lease.token());
    }

    @Override
    public void write(ByteBuffer bytes) {
      while (bytes.hasRemaining()) {
        if (held == PIECE) {
          add();
        }
        int count = Math.min(bytes.remaining(), PIECE - held);
        bytes.get(piece, held, count);
        held += count;
      }
    }

    @Override
    public void finish() {
      if (held > 0 || pieces == 0) {
        add();
      }
    }

    private void add() {
      lease.checkOpen();
      table.addDigests(lease.token(), pieces++, Arrays.copyOf(piece, held));
      held = 0;
    }

    /** What was not finished is removed when the next one is begun. */
    @Override
    public void close() {}
  }

  /** Reads rows. */
  public static final class Input implements DigestInput {
    private final ChainTable table;
    private final long sequence;
    private ByteBuffer piece;
    private int pieces;

    /**
     * Begins with the first row.
     *
     * @throws com.oneprocloud.sync.api.ChainBrokenException if there is none
     */
    public Input(ChainTable table, Manifest manifest) {
      this.table = table;
      this.sequence = manifest.sequence();
      this.piece =
          ByteBuffer.wrap(
              table
                  .digests(sequence, pieces++)
                  .orElseThrow(() -> CheckedDigests.missing(manifest)));
    }

    @Override
    public int read(ByteBuffer into) {
      if (!piece.hasRemaining()) {
        Optional<byte[]> next = table.digests(sequence, pieces);
        if (next.isEmpty()) {
          return -1;
        }
        pieces++;
        piece = ByteBuffer.wrap(next.get());
      }
      int count = Math.min(into.remaining(), piece.remaining());
      into.put(piece.slice(piece.position(), count));
      piece.position(piece.position() + count);
      return count;
    }

    @Override
    public void close() {}
  }
}
