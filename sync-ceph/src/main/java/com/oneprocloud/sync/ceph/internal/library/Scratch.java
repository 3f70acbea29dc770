// SPDX-License-Identifier: Apache-2.0
package com.oneprocloud.sync.ceph.internal.library;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.sun.jna.Native;
import com.sun.jna.Pointer;
import java.util.ArrayList;
import java.util.List;

/**
 * Native memory for the arguments and results of a few calls, zeroed, freed as a whole by {@link
 * #close}. Not thread-safe. Addresses are valid until then.
 */
public final class Scratch implements AutoCloseable {
  private static final int CHUNK = 512;

  private final NativeBalance balance;
  private final List<Pointer> chunks = new ArrayList<>(2);
  private long next;
  private long end;

  /**
   * Empty memory.
   *
   * @param balance what counts it until it is freed
   */
  public Scratch(NativeBalance balance) {
    this.balance = balance;
  }

  /** Some bytes, zeroed, aligned to 8. */
  public long bytes(long size) {
    long rounded = Math.max(8, (size + 7) & ~7L);
    if (end - next < rounded) {
      long chunkSize = Math.max(CHUNK, rounded);
      long address = Native.malloc(chunkSize);
      if (address == 0) {
        throw new OutOfMemoryError("no native memory: " + chunkSize + " bytes");
      }
      balance.add(NativeBalance.Kind.MEMORY, 1);
      Pointer chunk = new Pointer(address);
      chunk.clear(chunkSize);
      chunks.add(chunk);
      next = address;
      end = address + chunkSize;
    }
    long address = next;
    next += rounded;
    return address;
  }

  /** Room for one number or pointer, zero. */
  public long slot() {
    return bytes(8);
  }

  /** A text as the libraries take it: UTF-8, ended by a zero byte. */
  public long text(String text) {
    byte[] encoded = text.getBytes(UTF_8);
    long address = bytes(encoded.length + 1L);
    new Pointer(address).write(0, encoded, 0, encoded.length);
    return address;
  }

  /** A secret as the libraries take it. Overwritten before it is freed. */
  public long secret(char[] secret) {
    // Only ASCII has a meaning in a key; what else there is makes the library refuse the key.
    long address = bytes(secret.length + 1L);
    for (int i = 0; i < secret.length; i++) {
      new Pointer(address + i).setByte(0, (byte) (secret[i] < 128 ? secret[i] : '?'));
    }
    return address;
  }

  /** Fills memory with zeros: what is read as a hole, or held a secret. */
  public static void wipe(long address, long size) {
    new Pointer(address).clear(size);
  }

  /** Frees all memory that was handed out. */
  @Override
  public void close() {
    for (Pointer chunk : chunks) {
      Native.free(Pointer.nativeValue(chunk));
      balance.add(NativeBalance.Kind.MEMORY, -1);
    }
    chunks.clear();
    next = 0;
    end = 0;
  }

  /** The {@code int} at an address. */
  public static int intAt(long address) {
    return new Pointer(address).getInt(0);
  }

  /** The {@code long}, {@code size_t} or pointer at an address. */
  public static long longAt(long address) {
    return new Pointer(address).getLong(0);
  }

  /** The byte at an address. */
  public static byte byteAt(long address) {
    return new Pointer(address).getByte(0);
  }

  /** Writes an {@code int}. */
  public static void putInt(long address, int value) {
    new Pointer(address).setInt(0, value);
  }

  /** Writes a {@code long}, {@code size_t} or pointer. */
  public static void putLong(long address, long value) {
    new Pointer(address).setLong(0, value);
  }

  /** The text at an address, up to its zero byte; empty for a null pointer. */
  public static String textAt(long address) {
    return address == 0 ? "" : new Pointer(address).getString(0, "UTF-8");
  }

  /** A copy of the bytes at an address. */
  public static byte[] bytesAt(long address, int length) {
    return new Pointer(address).getByteArray(0, length);
  }

  /** The texts of a list in which each is ended by a zero byte, up to an empty one or the end. */
  public static List<String> textsAt(long address, long length) {
    List<String> texts = new ArrayList<>();
    byte[] all = bytesAt(address, Math.toIntExact(length));
    int start = 0;
    for (int i = 0; i < all.length; i++) {
      if (all[i] == 0) {
        if (i == start) {
          break;
        }
        texts.add(new String(all, start, i - start, UTF_8));
        start = i + 1;
      }
    }
    return texts;
  }

  /** The address of a direct buffer's position. */
  public static long addressOf(java.nio.ByteBuffer buffer) {
    return Pointer.nativeValue(Native.getDirectBufferPointer(buffer)) + buffer.position();
  }
}
