// SPDX-License-Identifier: Apache-2.0
/**
 * Images, snapshots, diffs and reads from a Ceph cluster, through librados and librbd.
 *
 * <p>{@link com.oneprocloud.sync.ceph.CephCluster} reads; {@link
 * com.oneprocloud.sync.ceph.CephSnapshotter} makes and removes snapshots. Each has a connection and
 * a user of its own. Everything else is behind the interfaces of {@link
 * com.oneprocloud.sync.api.storage}.
 *
 * <h2>Users</h2>
 *
 * The one that reads, with every pool that images, their data or their parents are in:
 *
 * <pre>{@code
 * ceph auth get-or-create client.sync-reader mon 'allow r' \
 *   osd 'profile rbd-read-only pool=volumes, profile rbd-read-only pool=images'
 * }</pre>
 *
 * The one that makes snapshots, which cannot write data:
 *
 * <pre>{@code
 * ceph auth get-or-create client.sync-snapshotter mon 'allow r' \
 *   osd 'allow r class-read pool=volumes,
 *        allow rwx pool=volumes object_prefix rbd_header.,
 *        allow rwx pool=volumes object_prefix rbd_object_map.,
 *        allow r class-read pool=images'
 * }</pre>
 *
 * A separate data pool needs {@code allow rwx pool=volumes-data object_prefix rbd_header.} besides
 * (objects that it does not hold: the monitors ask for some right to write before they give out a
 * snapshot id). Clusters older than Luminous know no profiles: there the reader gets {@code osd
 * 'allow r class-read pool=…'}.
 *
 * <p>Neither user gets {@code mon 'profile rbd'}, which includes the right to blocklist: with it
 * librbd cuts off a server whose QEMU does not answer for 30 s, in order to take the snapshot;
 * without it the call ends with a {@link com.oneprocloud.sync.api.ConflictException} and the server
 * lives on.
 *
 * <h2>Libraries</h2>
 *
 * librados2 and librbd1 of Jewel 10.2.6 or later; a recent release is the right choice also for old
 * clusters. What only newer ones have is listed in {@link com.oneprocloud.sync.ceph.Capability}. A
 * process can hold one set of libraries.
 *
 * <h2>Snapshots that vanish</h2>
 *
 * A snapshot that somebody removes reads as zeros from that moment on, without an error from Ceph.
 * Reads and diffs therefore count only once the cluster has confirmed that their snapshots are
 * still there, which costs one small operation for all reads that end at about the same time; else
 * they fail with a {@link com.oneprocloud.sync.api.NotFoundException}. It is asked on a second
 * connection to the cluster, because on the first its answer would come behind the data that is on
 * its way.
 *
 * <p>A server that a snapshot was asked of in vain can still take it later, when it wakes up. And
 * servers with client libraries before Pacific do not confirm to newer ones: each snapshot of
 * theirs then takes one or two times {@link com.oneprocloud.sync.ceph.CephConfig#snapshotRetry},
 * and the false answers that newer libraries give in this case are found out by looking.
 *
 * <h2>Threads</h2>
 *
 * Everything is thread-safe. Futures complete on one thread per connection, which must not be
 * blocked. Every call has a deadline; where the library does not answer, the thread inside it is
 * left behind and its handles with it, until the library comes back.
 */
@NullMarked
package com.oneprocloud.sync.ceph;

import org.jspecify.annotations.NullMarked;
