// SPDX-License-Identifier: Apache-2.0
package com.oneprocloud.sync.ceph.internal;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.oneprocloud.sync.ceph.internal.library.Errno;
import com.oneprocloud.sync.ceph.internal.library.Librados;
import com.oneprocloud.sync.ceph.internal.library.Scratch;
import java.util.List;
import java.util.stream.Collectors;

/** The addresses of monitors, as {@code mon_host} takes them, and questions to them. */
final class Monitors {
  private Monitors() {}

  /**
   * The value of {@code mon_host}.
   *
   * <p>A library that knows both protocols tries both on an address without a protocol, and with a
   * wrong key it then tries until its time-out instead of saying so at once. The two well-known
   * ports tell the protocol.
   *
   * @param monitors the addresses as the user told them
   * @param knowsProtocols whether the library takes {@code v1:} and {@code v2:} (Nautilus and
   *     later)
   */
  static String host(List<String> monitors, boolean knowsProtocols) {
    return monitors.stream()
        .map(monitor -> knowsProtocols ? withProtocol(monitor) : monitor)
        .collect(Collectors.joining(","));
  }

  /**
   * Whether an address leaves the protocol open, so that a wrong key cannot be told from a monitor
   * that does not answer.
   */
  static boolean leavesProtocolOpen(List<String> monitors) {
    return monitors.stream().map(Monitors::withProtocol).anyMatch(address -> !hasProtocol(address));
  }

  private static String withProtocol(String monitor) {
    if (hasProtocol(monitor)) {
      return monitor;
    }
    if (monitor.endsWith(":6789")) {
      return "v1:" + monitor;
    }
    return monitor.endsWith(":3300") ? "v2:" + monitor : monitor;
  }

  private static boolean hasProtocol(String monitor) {
    return monitor.startsWith("v1:") || monitor.startsWith("v2:") || monitor.startsWith("[v");
  }

  /**
   * The answer to a command of the monitors, as text ({@code rados_mon_command}). Blocks.
   *
   * @param operation what it is for, as a verb phrase
   * @param command the command as JSON
   */
  static String ask(Connection connection, String operation, String command) {
    Librados rados = connection.libraries().rados();
    try (Scratch scratch = connection.scratch()) {
      long commands = scratch.slot();
      Scratch.putLong(commands, scratch.text(command));
      long output = scratch.slot();
      long outputLength = scratch.slot();
      long status = scratch.slot();
      long statusLength = scratch.slot();
      int result =
          rados.rados_mon_command(
              connection.cluster(), commands, 1, 0, 0, output, outputLength, status, statusLength);
      try {
        Errno.check(operation, connection.fsid(), result);
        int length = Math.toIntExact(Scratch.longAt(outputLength));
        return length == 0
            ? ""
            : new String(Scratch.bytesAt(Scratch.longAt(output), length), UTF_8);
      } finally {
        rados.rados_buffer_free(Scratch.longAt(output));
        rados.rados_buffer_free(Scratch.longAt(status));
      }
    }
  }
}
