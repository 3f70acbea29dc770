// SPDX-License-Identifier: Apache-2.0
package com.oneprocloud.sync.ceph.internal.library;

import com.oneprocloud.sync.api.ConflictException;
import com.oneprocloud.sync.api.DeadlineException;
import com.oneprocloud.sync.api.NotFoundException;
import com.oneprocloud.sync.api.PermissionException;
import com.oneprocloud.sync.api.StorageException;
import com.oneprocloud.sync.api.SyncException;
import com.oneprocloud.sync.api.UnsupportedException;
import org.jspecify.annotations.Nullable;

/**
 * The error codes of Linux that the libraries return, negated. The one place that turns them into
 * exceptions.
 */
public enum Errno {
  /** No permission for the operation. */
  EPERM(
      1,
      "not permitted",
      "Check the capabilities of the Ceph user (ceph auth get), also for the pools of the image's parents.",
      Kind.PERMISSION),
  /** No such object. */
  ENOENT(2, "does not exist", null, Kind.NOT_FOUND),
  /** An I/O error. */
  EIO(5, "I/O error", "Check the cluster's health (ceph health detail).", Kind.STORAGE),
  /** Too few resources at the moment. */
  EAGAIN(11, "try again", null, Kind.CONFLICT),
  /** No memory. */
  ENOMEM(12, "out of memory", null, Kind.STORAGE),
  /** Access denied. */
  EACCES(
      13,
      "access denied",
      "Check the capabilities of the Ceph user (ceph auth get).",
      Kind.PERMISSION),
  /** In use. */
  EBUSY(16, "busy", null, Kind.CONFLICT),
  /** Exists already. */
  EEXIST(17, "exists already", null, Kind.CONFLICT),
  /** An invalid argument. */
  EINVAL(22, "refused as invalid", null, Kind.STORAGE),
  /** No space left. */
  ENOSPC(28, "no space left", "The pool or cluster is full (ceph df).", Kind.STORAGE),
  /** Read-only: also librbd's word for a lock that its owner did not give up. */
  EROFS(30, "read-only", null, Kind.CONFLICT),
  /** Outside of the range; also a buffer that is too small. */
  ERANGE(34, "out of range", null, Kind.STORAGE),
  /** Damaged data. */
  EILSEQ(84, "checksum mismatch", "An OSD holds damaged data (ceph health detail).", Kind.STORAGE),
  /** Not supported. */
  EOPNOTSUPP(95, "not supported", "The servers or the image do not support it.", Kind.UNSUPPORTED),
  /** Cut off by a blocklist entry. */
  ESHUTDOWN(
      108,
      "this client was cut off from the cluster",
      "Look for its address with: ceph osd blocklist ls.",
      Kind.STORAGE),
  /** Not connected. */
  ENOTCONN(107, "not connected", null, Kind.STORAGE),
  /** No answer in time. */
  ETIMEDOUT(
      110,
      "the cluster did not answer in time",
      "Check that every monitor and every OSD can be reached from this machine, and the cluster's health.",
      Kind.DEADLINE),
  /** Quota exceeded. */
  EDQUOT(
      122,
      "quota exceeded",
      "The image's limit on snapshots or the pool's quota is used up.",
      Kind.CONFLICT),
  /** Cancelled. */
  ECANCELED(125, "cancelled", null, Kind.STORAGE);

  private final int number;
  private final String meaning;
  private final @Nullable String advice;
  private final Kind kind;

  Errno(int number, String meaning, @Nullable String advice, Kind kind) {
    this.number = number;
    this.meaning = meaning;
    this.advice = advice;
    this.kind = kind;
  }

  /** Whether a result of a library is this error. */
  public boolean is(long result) {
    return result == -number;
  }

  /** What a library returns for this error. */
  public int result() {
    return -number;
  }

  /**
   * The exception for a negative result of a library.
   *
   * @param operation what was being done, as a verb phrase
   * @param subject the object it was done to
   * @param result what the library returned; below 0
   */
  public static SyncException failure(String operation, Object subject, long result) {
    for (Errno errno : values()) {
      if (errno.is(result)) {
        SyncException.Details details =
            SyncException.failed(operation, subject).because(errno.meaning).code(errno.name());
        return errno.kind.exception(errno.advice == null ? details : details.advice(errno.advice));
      }
    }
    return new StorageException(
        SyncException.failed(operation, subject)
            .because("the library returned an error")
            .code(name(result)));
  }

  /**
   * Passes a result on unless it is an error.
   *
   * @return the result, 0 or more
   * @throws SyncException if the result is negative
   */
  public static long check(String operation, Object subject, long result) {
    if (result < 0) {
      throw failure(operation, subject, result);
    }
    return result;
  }

  /** The name of an error, {@code "errno 71"} for one without a name here. */
  public static String name(long result) {
    for (Errno errno : values()) {
      if (errno.is(result)) {
        return errno.name();
      }
    }
    return "errno " + -result;
  }

  /** What a caller would handle apart. */
  private enum Kind {
    PERMISSION,
    NOT_FOUND,
    STORAGE,
    CONFLICT,
    UNSUPPORTED,
    DEADLINE;

    SyncException exception(SyncException.Details details) {
      return switch (this) {
        case PERMISSION -> new PermissionException(details);
        case NOT_FOUND -> new NotFoundException(details);
        case STORAGE -> new StorageException(details);
        case CONFLICT -> new ConflictException(details);
        case UNSUPPORTED -> new UnsupportedException(details);
        case DEADLINE -> new DeadlineException(details);
      };
    }
  }
}
