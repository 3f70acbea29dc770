// SPDX-License-Identifier: Apache-2.0
package com.oneprocloud.sync.engine.internal.plan;

import com.oneprocloud.sync.api.chain.CommittedManifest;
import com.oneprocloud.sync.api.chain.OpenRun;
import com.oneprocloud.sync.api.chain.SyncMode;
import com.oneprocloud.sync.api.storage.CacheTier;
import com.oneprocloud.sync.api.storage.ImageIdentity;
import com.oneprocloud.sync.api.storage.Layout;
import com.oneprocloud.sync.api.storage.SnapshotId;
import com.oneprocloud.sync.api.target.ReplicaState;
import java.util.Optional;
import java.util.Set;

/**
 * What a decision about a chain rests on.
 *
 * @param mode what the caller asked for
 * @param identity which image it is
 * @param layout how it is cut into objects
 * @param snapshots the snapshots that the image has
 * @param head the chain's newest manifest
 * @param before the manifest before it
 * @param openRun the run that is open
 * @param replica what the replica says that it holds
 * @param cacheTier whether a cache tier is in the way to the image's objects
 */
record ChainFacts(
    SyncMode mode,
    ImageIdentity identity,
    Layout layout,
    Set<SnapshotId> snapshots,
    Optional<CommittedManifest> head,
    Optional<CommittedManifest> before,
    Optional<OpenRun> openRun,
    ReplicaState replica,
    CacheTier cacheTier) {}
