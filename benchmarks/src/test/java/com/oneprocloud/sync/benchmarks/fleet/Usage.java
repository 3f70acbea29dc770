// SPDX-License-Identifier: Apache-2.0
package com.oneprocloud.sync.benchmarks.fleet;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.management.ManagementFactory;
import java.lang.management.MemoryPoolMXBean;
import java.lang.management.MemoryType;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Locale;
import java.util.stream.Stream;

/**
 * What this process uses.
 *
 * @param resident KiB of memory
 * @param mostResident KiB of memory at its peak
 * @param threads threads, those of native libraries included
 * @param files open files and sockets
 * @param heap bytes of heap in use
 * @param mostHeap bytes of heap at their peaks, garbage included
 * @param cpu seconds of CPU, user and system
 */
record Usage(
    long resident,
    long mostResident,
    int threads,
    int files,
    long heap,
    long mostHeap,
    Duration cpu) {

  /** Now. */
  static Usage now() {
    return new Usage(
        status("VmRSS"),
        status("VmHWM"),
        (int) status("Threads"),
        openFiles(),
        ManagementFactory.getMemoryMXBean().getHeapMemoryUsage().getUsed(),
        heapPeaks(),
        cpuNow());
  }

  /** The same after garbage was collected. */
  static Usage collected() {
    System.gc();
    System.gc();
    return now();
  }

  private static long heapPeaks() {
    return ManagementFactory.getMemoryPoolMXBeans().stream()
        .filter(it -> it.getType() == MemoryType.HEAP)
        .mapToLong(it -> it.getPeakUsage().getUsed())
        .sum();
  }

  /** Forgets the peaks of the heap. */
  static void resetPeaks() {
    ManagementFactory.getMemoryPoolMXBeans().forEach(MemoryPoolMXBean::resetPeakUsage);
  }

  private static Duration cpuNow() {
    try {
      String stat = Files.readString(Path.of("/proc/self/stat"));
      // the process's name can hold spaces; user and system time are 14th and 15th, in 10 ms
      String[] rest = stat.substring(stat.lastIndexOf(')') + 2).split(" ", -1);
      return Duration.ofMillis(10 * (Long.parseLong(rest[11]) + Long.parseLong(rest[12])));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static int openFiles() {
    try (Stream<Path> files = Files.list(Path.of("/proc/self/fd"))) {
      // less the folder's own
      return (int) files.count() - 1;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** A number of the kernel's; 0 if there is none of that name. */
  private static long status(String name) {
    try (Stream<String> lines = Files.lines(Path.of("/proc/self/status"))) {
      return lines
          .filter(it -> it.startsWith(name + ":"))
          .mapToLong(it -> Long.parseLong(it.replaceAll("\\D", "")))
          .findFirst()
          .orElse(0);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  @Override
  public String toString() {
    return String.format(
        Locale.ROOT,
        "%d MiB resident (%d at its peak), heap %d MiB (peaks %d), %d threads, %d files, %.1f s CPU",
        resident >> 10,
        mostResident >> 10,
        heap >> 20,
        mostHeap >> 20,
        threads,
        files,
        cpu.toMillis() / 1e3);
  }
}
