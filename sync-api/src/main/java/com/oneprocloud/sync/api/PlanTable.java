// SPDX-License-Identifier: Apache-2.0
package com.oneprocloud.sync.api;

import com.oneprocloud.sync.api.chain.SnapshotRef;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/** Prints a plan as a table. */
final class PlanTable {
  private PlanTable() {}

  static String text(Consistency consistency) {
    return consistency.name().toLowerCase(Locale.ROOT).replace('_', ' ');
  }

  static String of(SyncPlan plan) {
    List<String[]> rows = new ArrayList<>();
    rows.add(
        new String[] {
          "disk", "image", "found by", "size", "verdict", "why", "base", "diff", "to move"
        });
    for (DiskPlan disk : plan.disks()) {
      rows.add(
          new String[] {
            disk.disk().map(it -> it.device().orElse(it.id())).orElse("-"),
            disk.image().toString(),
            disk.located(),
            Bytes.text(disk.size()),
            disk.verdict().toString(),
            disk.reason().toString(),
            disk.base().map(SnapshotRef::name).orElse("-"),
            disk.diff().method().toString(),
            disk.estimate().isPresent() ? "~" + Bytes.text(disk.estimate().getAsLong()) : "?"
          });
    }
    StringBuilder text =
        new StringBuilder()
            .append("Plan for ")
            .append(plan.subject())
            .append(", ")
            .append(text(plan.consistency()))
            .append('\n')
            .append(Table.of(rows));
    for (DiskPlan disk : plan.disks()) {
      disk.notes()
          .forEach(
              note ->
                  text.append("  ").append(disk.image()).append(": ").append(note).append('\n'));
    }
    plan.left()
        .forEach(
            disk ->
                text.append("  ")
                    .append(disk.id())
                    .append(": not replicated, ")
                    .append(disk.kind())
                    .append('\n'));
    return text.toString();
  }
}
