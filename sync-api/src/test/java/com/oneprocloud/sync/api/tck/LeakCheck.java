// SPDX-License-Identifier: Apache-2.0
package com.oneprocloud.sync.api.tck;

import java.lang.management.BufferPoolMXBean;
import java.lang.management.ManagementFactory;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.BooleanSupplier;
import java.util.function.LongSupplier;
import java.util.stream.Collectors;
import org.junit.jupiter.api.extension.AfterEachCallback;
import org.junit.jupiter.api.extension.BeforeEachCallback;
import org.junit.jupiter.api.extension.ExtensionContext;

/**
 * Fails a test that leaves something behind: a thread, memory of direct buffers, an open handle.
 * Looks after the test's own {@code @AfterEach} methods have run. To be registered per instance:
 *
 * <pre>{@code
 * @RegisterExtension final LeakCheck leaks = new LeakCheck().counting("open images", cluster::openHandles);
 * }</pre>
 */
public final class LeakCheck implements BeforeEachCallback, AfterEachCallback {
  private static final Duration PATIENCE = Duration.ofSeconds(10);

  /** What the JVM keeps for its own input and output, per thread; less than one buffer of ours. */
  private static final long OWN_BUFFERS_OF_THE_JVM = 256 << 10;

  /** Threads that the JVM, JUnit or JNA start once and keep. */
  private static final List<String> KEPT_THREADS =
      List.of(
          "CompletableFutureDelayScheduler",
          "Common-Cleaner",
          "ForkJoinPool.commonPool",
          "JNA Cleaner",
          "process reaper",
          "Attach Listener",
          "junit-");

  private final Map<String, LongSupplier> counters = new LinkedHashMap<>();
  private Set<Thread> threadsBefore = Set.of();
  private long directBefore;

  /** Checks threads and direct buffers. */
  public LeakCheck() {}

  /** Checks also that a number is 0 after the test. */
  public LeakCheck counting(String what, LongSupplier counter) {
    counters.put(what, counter);
    return this;
  }

  @Override
  public void beforeEach(ExtensionContext context) {
    threadsBefore = Thread.getAllStackTraces().keySet();
    directBefore = directMemory();
  }

  @Override
  public void afterEach(ExtensionContext context) {
    counters.forEach(
        (what, counter) -> {
          if (!holds(() -> counter.getAsLong() == 0)) {
            throw new AssertionError(counter.getAsLong() + " " + what + " after the test");
          }
        });
    if (!holds(() -> threadsLeft().isEmpty())) {
      throw new AssertionError("threads left by the test: " + threadsLeft());
    }
    if (!holds(this::directMemoryIsBack)) {
      throw new AssertionError(
          (directMemory() - directBefore) + " bytes of direct buffers left by the test");
    }
  }

  private Set<String> threadsLeft() {
    return Thread.getAllStackTraces().keySet().stream()
        .filter(thread -> !threadsBefore.contains(thread) && thread.isAlive())
        .map(Thread::getName)
        .filter(name -> KEPT_THREADS.stream().noneMatch(name::startsWith))
        .collect(Collectors.toSet());
  }

  /** A test's own buffers are freed when they are collected; those of a leaking pool are not. */
  private boolean directMemoryIsBack() {
    if (directMemory() > directBefore + OWN_BUFFERS_OF_THE_JVM) {
      System.gc();
    }
    return directMemory() <= directBefore + OWN_BUFFERS_OF_THE_JVM;
  }

  private static long directMemory() {
    return ManagementFactory.getPlatformMXBeans(BufferPoolMXBean.class).stream()
        .filter(pool -> pool.getName().equals("direct"))
        .mapToLong(BufferPoolMXBean::getMemoryUsed)
        .sum();
  }

  /** Whether a condition comes true soon. */
  private static boolean holds(BooleanSupplier condition) {
    long deadline = System.nanoTime() + PATIENCE.toNanos();
    while (!condition.getAsBoolean()) {
      if (System.nanoTime() > deadline) {
        return false;
      }
      try {
        Thread.sleep(10);
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        return false;
      }
    }
    return true;
  }
}
