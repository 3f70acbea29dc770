// SPDX-License-Identifier: Apache-2.0
package com.oneprocloud.sync.ceph.internal;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.oneprocloud.sync.api.DeadlineException;
import com.oneprocloud.sync.api.NotFoundException;
import com.oneprocloud.sync.api.SyncException;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** A library that hangs, played by a latch. */
final class NativeCallsTest {
  private static final Duration LONG = Duration.ofSeconds(20);
  private static final Duration SHORT = Duration.ofMillis(20);

  private final NativeCalls calls = new NativeCalls("ceph-test");
  private final CompletableFuture<Void> released = new CompletableFuture<>();
  private final Lifetime lifetime =
      new Lifetime("image", null, calls.releases(), () -> released.complete(null));
  private final CountDownLatch answer = new CountDownLatch(1);
  private final List<String> discarded = new CopyOnWriteArrayList<>();

  @AfterEach
  void end() throws Exception {
    answer.countDown();
    lifetime.close(LONG);
    released.get(20, TimeUnit.SECONDS);
    calls.end();
  }

  @Test
  void givesTheResult() {
    assertEquals("result", call(LONG, () -> "result"));
    assertEquals(0, calls.lost());
  }

  @Test
  void passesTheExceptionOnWithTheCallersTrace() {
    NotFoundException thrown = new NotFoundException(SyncException.failed("open", "image"));
    NotFoundException caught =
        assertThrows(
            NotFoundException.class,
            () ->
                call(
                    LONG,
                    () -> {
                      throw thrown;
                    }));
    assertSame(thrown, caught);
    assertTrue(
        Arrays.stream(caught.getStackTrace())
            .anyMatch(
                frame -> frame.getMethodName().equals("passesTheExceptionOnWithTheCallersTrace")),
        () -> Arrays.toString(caught.getStackTrace()));
    AssertionError error = new AssertionError("bug");
    assertSame(
        error,
        assertThrows(
            AssertionError.class,
            () ->
                call(
                    LONG,
                    () -> {
                      throw error;
                    })));
  }

  @Test
  void givesUpAtTheDeadlineAndKeepsWhatIsInUse() throws Exception {
    DeadlineException late = assertThrows(DeadlineException.class, () -> call(SHORT, this::hang));
    assertTrue(late.getMessage().contains("still inside the Ceph library"), late.getMessage());
    assertEquals(1, calls.lost());
    lifetime.close(SHORT);
    assertTrue(!released.isDone(), "released under the call");
    assertEquals(List.of(), discarded);
    answer.countDown();
    released.get(20, TimeUnit.SECONDS);
    assertEquals(List.of("late"), discarded);
    assertEquals(0, calls.lost());
  }

  @Test
  void lostCallsLeaveRoomForOthersUntilTheyAreTooMany() {
    int possible = 0;
    DeadlineException refused;
    while (true) {
      DeadlineException late = assertThrows(DeadlineException.class, () -> call(SHORT, this::hang));
      if (late.getMessage().contains("are waiting")) {
        refused = late;
        break;
      }
      possible++;
      assertEquals(possible, calls.lost());
      assertTrue(possible < 1000, "no limit");
    }
    assertTrue(possible >= 8, "only " + possible + " calls at a time");
    assertTrue(
        refused.getMessage().contains(possible + " of them past their deadline"),
        refused.getMessage());
    answer.countDown();
    assertEquals("result", call(LONG, () -> "result"));
  }

  @Test
  void anInterruptDoesNotEndTheWaiting() {
    Thread.currentThread().interrupt();
    assertEquals("result", call(LONG, () -> "result"));
    assertTrue(Thread.interrupted(), "the interrupt is lost");
  }

  @Test
  void refusesWhatIsClosed() {
    lifetime.close(LONG);
    assertThrows(IllegalStateException.class, () -> call(LONG, () -> "result"));
  }

  private String call(Duration deadline, Supplier<String> body) {
    return calls.call("open image", "volumes/a", deadline, lifetime, body, discarded::add);
  }

  private String hang() {
    try {
      answer.await();
    } catch (InterruptedException e) {
      throw new AssertionError(e);
    }
    return "late";
  }
}
