// SPDX-License-Identifier: Apache-2.0
package com.oneprocloud.sync.ceph.internal.library;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.oneprocloud.sync.api.ConflictException;
import com.oneprocloud.sync.api.DeadlineException;
import com.oneprocloud.sync.api.NotFoundException;
import com.oneprocloud.sync.api.PermissionException;
import com.oneprocloud.sync.api.StorageException;
import com.oneprocloud.sync.api.SyncException;
import com.oneprocloud.sync.api.UnsupportedException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

final class ErrnoTest {
  @ParameterizedTest
  @CsvSource({
    "-1, EPERM, PERMISSION",
    "-2, ENOENT, NOT_FOUND",
    "-5, EIO, STORAGE",
    "-13, EACCES, PERMISSION",
    "-16, EBUSY, CONFLICT",
    "-17, EEXIST, CONFLICT",
    "-22, EINVAL, STORAGE",
    "-30, EROFS, CONFLICT",
    "-34, ERANGE, STORAGE",
    "-95, EOPNOTSUPP, UNSUPPORTED",
    "-108, ESHUTDOWN, STORAGE",
    "-110, ETIMEDOUT, DEADLINE",
    "-122, EDQUOT, CONFLICT",
    "-71, errno 71, STORAGE"
  })
  void becomesTheExceptionThatACallerHandles(long result, String name, Type type) {
    SyncException failure = Errno.failure("open image", "volumes/a", result);
    assertSame(type.type, failure.getClass());
    assertEquals("open image", failure.operation());
    assertEquals("volumes/a", failure.subject());
    assertEquals(name, failure.code().orElseThrow());
    assertTrue(failure.getMessage().contains("volumes/a"), failure.getMessage());
  }

  @ParameterizedTest
  @EnumSource
  void knowsItself(Errno errno) {
    assertTrue(errno.is(errno.result()));
    assertTrue(errno.result() < 0);
    assertEquals(errno.name(), Errno.name(errno.result()));
  }

  @Test
  void passesResultsOn() {
    assertEquals(0, Errno.check("read", "a", 0));
    assertEquals(1L << 40, Errno.check("read", "a", 1L << 40));
    assertThrows(NotFoundException.class, () -> Errno.check("read", "a", -2));
  }

  enum Type {
    PERMISSION(PermissionException.class),
    NOT_FOUND(NotFoundException.class),
    STORAGE(StorageException.class),
    CONFLICT(ConflictException.class),
    UNSUPPORTED(UnsupportedException.class),
    DEADLINE(DeadlineException.class);

    private final Class<? extends SyncException> type;

    Type(Class<? extends SyncException> type) {
      this.type = type;
    }
  }
}
