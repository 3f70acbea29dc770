// SPDX-License-Identifier: Apache-2.0
package com.oneprocloud.sync.openstack.internal.identity;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotSame;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;

import com.oneprocloud.sync.api.SyncException;
import com.oneprocloud.sync.openstack.internal.fake.FakeTicker;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;

class TokenSourceTest {
  private final FakeTicker ticker = new FakeTicker();
  private final AtomicInteger logins = new AtomicInteger();

  private Token fresh(Duration life) {
    return new Token(
        "t" + logins.incrementAndGet(),
        Optional.empty(),
        Optional.empty(),
        Optional.empty(),
        List.of(),
        new Catalog(List.of()),
        life,
        ticker.nanos());
  }

  @Test
  void renewsTwoMinutesBeforeTheEnd() {
    TokenSource source = new TokenSource(() -> fresh(Duration.ofHours(1)), ticker);
    Token first = source.token();
    ticker.advance(Duration.ofMinutes(57));
    assertSame(first, source.token());
    ticker.advance(Duration.ofMinutes(2));
    assertNotSame(first, source.token());
    assertEquals(2, logins.get());
  }

  @Test
  void doesNotRenewAShortTokenOnEachCall() {
    TokenSource source = new TokenSource(() -> fresh(Duration.ofSeconds(10)), ticker);
    Token first = source.token();
    ticker.advance(Duration.ofSeconds(7));
    assertSame(first, source.token());
    ticker.advance(Duration.ofSeconds(2));
    assertNotSame(first, source.token());
  }

  @Test
  void lateComersGetTheNewTokenWithoutACall() {
    TokenSource source = new TokenSource(() -> fresh(Duration.ofHours(1)), ticker);
    Token refused = source.token();
    Token second = source.tokenOtherThan(refused);
    assertSame(second, source.tokenOtherThan(refused));
    assertEquals(2, logins.get());
  }

  @Test
  void keepsATokenThatIsStillGoodWhenRenewingEarlyFails() {
    TokenSource source =
        new TokenSource(
            () -> {
              if (logins.get() > 0) {
                throw new SyncException(SyncException.failed("log in", "cloud"));
              }
              return fresh(Duration.ofHours(1));
            },
            ticker);
    Token first = source.token();
    ticker.advance(Duration.ofMinutes(59));
    assertSame(first, source.token());
    ticker.advance(Duration.ofMinutes(2));
    assertThrows(SyncException.class, source::token);
  }

  @Test
  void asksOnceForManyThreads() throws Exception {
    int threads = 64;
    CountDownLatch asking = new CountDownLatch(1);
    CountDownLatch answer = new CountDownLatch(1);
    TokenSource source =
        new TokenSource(
            () -> {
              if (logins.get() > 0) {
                asking.countDown();
                awaitQuietly(answer);
              }
              return fresh(Duration.ofHours(1));
            },
            ticker);
    Token refused = source.token();
    ExecutorService pool = Executors.newFixedThreadPool(threads);
    try {
      List<Future<Token>> results = new ArrayList<>();
      for (int i = 0; i < threads; i++) {
        results.add(pool.submit(() -> source.tokenOtherThan(refused)));
      }
      awaitQuietly(asking);
      answer.countDown();
      Token renewed = results.get(0).get(30, TimeUnit.SECONDS);
      for (Future<Token> result : results) {
        assertSame(renewed, result.get(30, TimeUnit.SECONDS));
      }
      assertNotSame(refused, renewed);
      assertEquals(2, logins.get());
    } finally {
      pool.shutdownNow();
    }
  }

  @Test
  void aFailureReachesEveryWaiterAndTheNextCallTriesAgain() {
    TokenSource source =
        new TokenSource(
            () -> {
              if (logins.incrementAndGet() == 1) {
                throw new SyncException(SyncException.failed("log in", "cloud"));
              }
              return fresh(Duration.ofHours(1));
            },
            ticker);
    assertThrows(SyncException.class, source::token);
    assertNotSame(null, source.token());
  }

  private static void awaitQuietly(CountDownLatch latch) {
    try {
      if (!latch.await(30, TimeUnit.SECONDS)) {
        throw new AssertionError("waited in vain");
      }
    } catch (InterruptedException e) {
      throw new AssertionError(e);
    }
  }
}
