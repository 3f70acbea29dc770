// SPDX-License-Identifier: Apache-2.0
package com.oneprocloud.sync.api;

import com.oneprocloud.sync.api.chain.CommittedManifest;
import com.oneprocloud.sync.api.chain.DiffChoice;
import com.oneprocloud.sync.api.chain.Verdict;
import com.oneprocloud.sync.api.chain.VerdictReason;
import java.time.Duration;
import java.util.List;
import java.util.Objects;

/**
 * What a run did with one disk.
 *
 * @param plan what it was going to do
 * @param committed the point that it committed
 * @param verdict what it did in the end
 * @param reason why
 * @param diff how it was found what changed, and why that way
 * @param extents how many extents the diff had
 * @param bytesRead bytes read from the source to be moved, or compared and moved if they differ
 * @param bytesDigested bytes of the source that the storage digested where they are, so that those
 *     that are on the target already need not be read
 * @param bytesWritten bytes of data written to the target
 * @param bytesZeroed bytes that the target was told to make zero, or that were left zero
 * @param bytesVerified bytes of the replica compared with the source after the transfer, by their
 *     digests or by themselves
 * @param bytesVerifyRead bytes read from the source for that
 * @param bytesVerifyDigested bytes of the source that the storage digested for that
 * @param resumedAt where an earlier run had stopped, in bytes from the start; 0 if none was taken
 *     up
 * @param transferTime time from the first read to the last flush, the diff included
 * @param verifyTime time of the verification
 * @param totalTime time from the opening of the image to the commit
 * @param notes what else a person should know, each a sentence
 */
public record DiskReport(
    DiskPlan plan,
    CommittedManifest committed,
    Verdict verdict,
    VerdictReason reason,
    DiffChoice diff,
    long extents,
    long bytesRead,
    long bytesDigested,
    long bytesWritten,
    long bytesZeroed,
    long bytesVerified,
    long bytesVerifyRead,
    long bytesVerifyDigested,
    long resumedAt,
    Duration transferTime,
    Duration verifyTime,
    Duration totalTime,
    List<String> notes) {
  /** Copies the list. */
  public DiskReport {
    Objects.requireNonNull(plan, "plan");
    Objects.requireNonNull(committed, "committed");
    Objects.requireNonNull(verdict, "verdict");
    Objects.requireNonNull(reason, "reason");
    Objects.requireNonNull(diff, "diff");
    Objects.requireNonNull(transferTime, "transferTime");
    Objects.requireNonNull(verifyTime, "verifyTime");
    Objects.requireNonNull(totalTime, "totalTime");
    notes = List.copyOf(notes);
  }
}
