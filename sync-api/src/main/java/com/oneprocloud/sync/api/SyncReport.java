// SPDX-License-Identifier: Apache-2.0
package com.oneprocloud.sync.api;

import com.oneprocloud.sync.api.chain.RunId;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;

/**
 * What a run did. Every disk named here was committed. Printing it gives a table.
 *
 * @param subject the server or image, for people
 * @param run the run
 * @param consistency what the point is
 * @param snapshotTime how long the taking of the snapshots lasted: at most how far apart the disks'
 *     moments are, and at most how long the server's writes were held up; zero if an earlier run
 *     was taken up
 * @param disks what was done with each disk
 */
public record SyncReport(
    String subject,
    RunId run,
    Consistency consistency,
    Duration snapshotTime,
    List<DiskReport> disks) {
  /** Copies the list. */
  public SyncReport {
    Objects.requireNonNull(subject, "subject");
    Objects.requireNonNull(run, "run");
    Objects.requireNonNull(consistency, "consistency");
    Objects.requireNonNull(snapshotTime, "snapshotTime");
    disks = List.copyOf(disks);
  }

  @Override
  public String toString() {
    List<String[]> rows = new ArrayList<>();
    rows.add(
        new String[] {
          "image",
          "point",
          "did",
          "diff",
          "extents",
          "read",
          "written",
          "zeroed",
          "verified",
          "time"
        });
    for (DiskReport disk : disks) {
      rows.add(
          new String[] {
            disk.plan().image().toString(),
            "#" + disk.committed().manifest().sequence() + " " + disk.committed().hash().brief(),
            disk.verdict() + (disk.resumedAt() > 0 ? " from " + Bytes.text(disk.resumedAt()) : ""),
            disk.diff().method().toString(),
            Long.toString(disk.extents()),
            Bytes.text(disk.bytesRead()),
            Bytes.text(disk.bytesWritten()),
            Bytes.text(disk.bytesZeroed()),
            Bytes.text(disk.bytesVerified()),
            disk.totalTime().toMillis() + " ms"
          });
    }
    StringBuilder text =
        new StringBuilder()
            .append("Run ")
            .append(run.brief())
            .append(" of ")
            .append(subject)
            .append(", ")
            .append(PlanTable.text(consistency))
            .append(", snapshots in ")
            .append(snapshotTime.toMillis())
            .append(" ms, which is the longest that writes can have waited\n")
            .append(Table.of(rows));
    for (DiskReport disk : disks) {
      disk.notes()
          .forEach(
              note ->
                  text.append("  ")
                      .append(disk.plan().image())
                      .append(": ")
                      .append(note)
                      .append('\n'));
    }
    return text.toString();
  }
}
