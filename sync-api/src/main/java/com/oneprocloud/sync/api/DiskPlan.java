// SPDX-License-Identifier: Apache-2.0
package com.oneprocloud.sync.api;

import com.oneprocloud.sync.api.chain.ChainId;
import com.oneprocloud.sync.api.chain.CommittedManifest;
import com.oneprocloud.sync.api.chain.DiffChoice;
import com.oneprocloud.sync.api.chain.OpenRun;
import com.oneprocloud.sync.api.chain.SnapshotRef;
import com.oneprocloud.sync.api.chain.Verdict;
import com.oneprocloud.sync.api.chain.VerdictReason;
import com.oneprocloud.sync.api.inventory.Disk;
import com.oneprocloud.sync.api.storage.ImageIdentity;
import com.oneprocloud.sync.api.storage.ImageSpec;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.OptionalLong;

/**
 * What a run will do with one disk.
 *
 * @param image where the image is
 * @param identity which image it is
 * @param size bytes of the image now
 * @param disk the server's disk; empty if an image was asked for by itself
 * @param located how the image was found, for people
 * @param chain the chain
 * @param head the chain's newest manifest, if there is one
 * @param verdict what the run may do with the chain
 * @param reason why
 * @param base the snapshot that the new one will be compared with; empty if everything is moved
 * @param diff how it is expected to be found what changed; the run decides, with more facts
 * @param resumes the open run that will be taken up, if any
 * @param estimate about how many bytes will be read from the source, if that can be told; the most
 *     for a full run of a sparse image
 * @param notes what else a person should know, each a sentence
 */
public record DiskPlan(
    ImageSpec image,
    ImageIdentity identity,
    long size,
    Optional<Disk> disk,
    String located,
    ChainId chain,
    Optional<CommittedManifest> head,
    Verdict verdict,
    VerdictReason reason,
    Optional<SnapshotRef> base,
    DiffChoice diff,
    Optional<OpenRun> resumes,
    OptionalLong estimate,
    List<String> notes) {
  /** Copies the list. */
  public DiskPlan {
    Objects.requireNonNull(image, "image");
    Objects.requireNonNull(identity, "identity");
    Objects.requireNonNull(disk, "disk");
    Objects.requireNonNull(located, "located");
    Objects.requireNonNull(chain, "chain");
    Objects.requireNonNull(head, "head");
    Objects.requireNonNull(verdict, "verdict");
    Objects.requireNonNull(reason, "reason");
    Objects.requireNonNull(base, "base");
    Objects.requireNonNull(diff, "diff");
    Objects.requireNonNull(resumes, "resumes");
    Objects.requireNonNull(estimate, "estimate");
    notes = List.copyOf(notes);
  }
}
