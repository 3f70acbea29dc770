// SPDX-License-Identifier: Apache-2.0
package com.oneprocloud.sync.ceph.internal;

import static com.oneprocloud.sync.api.SyncException.failed;

import com.oneprocloud.sync.api.ConflictException;
import com.oneprocloud.sync.api.DeadlineException;
import com.oneprocloud.sync.api.PermissionException;
import com.oneprocloud.sync.api.StorageException;
import com.oneprocloud.sync.api.SyncException;
import com.oneprocloud.sync.api.UnsupportedException;
import com.oneprocloud.sync.api.storage.ImageSpec;
import com.oneprocloud.sync.api.storage.Snapshot;
import com.oneprocloud.sync.ceph.Capability;
import com.oneprocloud.sync.ceph.internal.library.Errno;
import com.oneprocloud.sync.ceph.internal.library.Scratch;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.BooleanSupplier;
import java.util.function.Function;
import java.util.function.Predicate;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Makes and removes snapshots. Where a client holds the image's exclusive lock (the server's QEMU),
 * librbd asks it to do so; the answers can be lost or false, so that after anything but a plain
 * success the image is opened anew to see what happened. Thread-safe.
 */
public final class RbdSnapshots {
  private static final Logger LOG = LoggerFactory.getLogger(RbdSnapshots.class);
  private static final String CREATE = "create snapshot";
  private static final String REMOVE = "remove snapshot";

  private final Connection connection;

  /** Snapshots through a connection that is meant for that. */
  public RbdSnapshots(Connection connection) {
    this.connection = connection;
  }

  /**
   * Takes a snapshot ({@code rbd_snap_create}).
   *
   * @throws ConflictException if the name is taken, or the owner of the image's lock does not
   *     answer
   */
  public Snapshot create(ImageSpec spec, String name) {
    String subject = spec + "@" + name;
    return call(CREATE, subject, wanted -> create(spec, name, subject, wanted));
  }

  private Snapshot create(ImageSpec spec, String name, String subject, BooleanSupplier wanted) {
    Predicate<Snapshot> named =
        snapshot -> snapshot.kind() == Snapshot.Kind.USER && snapshot.name().equals(name);
    int result;
    try (ImageHandle image = ImageHandle.openForSnapshots(connection, spec)) {
      if (image.snapshots().stream().anyMatch(named)) {
        throw new ConflictException(
            failed(CREATE, subject)
                .because("there is a snapshot of that name already")
                .code(Errno.EEXIST.name()));
      }
      warnOfWatchers(image, spec);
      requireWanted(wanted, CREATE, subject);
      try (Scratch scratch = connection.scratch()) {
        result = connection.libraries().rbd().rbd_snap_create(image.handle(), scratch.text(name));
      }
    }
    Optional<Snapshot> made = look(spec, named);
    if (made.isPresent()) {
      if (result < 0) {
        LOG.info("{}: taken, although the library returned {}", subject, Errno.name(result));
      }
      return made.get();
    }
    if (result >= 0) {
      throw new StorageException(
          failed(CREATE, subject)
              .because("the library reported success, but there is no such snapshot"));
    }
    throw failure(CREATE, subject, result);
  }

  /**
   * Removes a snapshot by its id ({@code rbd_snap_remove_by_id}, with older libraries {@code
   * rbd_snap_remove}). Does nothing if it does not exist.
   *
   * @throws ConflictException if it is protected or busy, or the owner of the image's lock does not
   *     answer
   */
  public void remove(ImageSpec spec, Snapshot snapshot) {
    String subject = spec + "@" + snapshot.name() + " (id " + snapshot.id() + ")";
    call(
        REMOVE,
        subject,
        wanted -> {
          remove(spec, snapshot, subject, wanted);
          return snapshot;
        });
  }

  private void remove(ImageSpec spec, Snapshot snapshot, String subject, BooleanSupplier wanted) {
    // What a clone still needs becomes a snapshot of the trash, with the same id.
    Predicate<Snapshot> same =
        found -> found.id().equals(snapshot.id()) && found.kind() != Snapshot.Kind.TRASH;
    int result;
    try (ImageHandle image = ImageHandle.openForSnapshots(connection, spec)) {
      Optional<Snapshot> found = image.snapshots().stream().filter(same).findFirst();
      if (found.isEmpty()) {
        return;
      }
      Snapshot now = found.get();
      if (now.kind() != Snapshot.Kind.USER) {
        throw new UnsupportedException(
            failed(REMOVE, subject)
                .because("it is of the kind %s", now.kind())
                .advice(
                    "Only snapshots that were made by name can be removed; leave this one to what made it."));
      }
      if (now.isProtected()) {
        throw new ConflictException(
            failed(REMOVE, subject)
                .because("it is protected; clones may depend on it")
                .code(Errno.EBUSY.name()));
      }
      requireWanted(wanted, REMOVE, subject);
      result = remove(image, now);
    }
    if (result < 0) {
      if (look(spec, same).isPresent()) {
        throw failure(REMOVE, subject, result);
      }
      LOG.info("{}: removed, although the library returned {}", subject, Errno.name(result));
    }
  }

  private int remove(ImageHandle image, Snapshot snapshot) {
    if (connection.capabilities().has(Capability.REMOVE_SNAPSHOT_BY_ID)) {
      return connection
          .libraries()
          .newer()
          .rbd_snap_remove_by_id(image.handle(), snapshot.id().value());
    }
    try (Scratch scratch = connection.scratch()) {
      return connection
          .libraries()
          .rbd()
          .rbd_snap_remove(image.handle(), scratch.text(snapshot.name()));
    }
  }

  /** Looks with a fresh handle. */
  private Optional<Snapshot> look(ImageSpec spec, Predicate<Snapshot> wanted) {
    try (ImageHandle image = ImageHandle.open(connection, spec)) {
      return image.snapshots().stream().filter(wanted).findFirst();
    }
  }

  private static void warnOfWatchers(ImageHandle image, ImageSpec spec) {
    // This handle is one of them.
    if (image.watchers().size() > 2) {
      LOG.warn(
          "{} is open for writing by {}: a snapshot has to wait for all of them",
          spec,
          image.watchers());
    }
  }

  private static SyncException failure(String operation, String subject, int result) {
    SyncException.Details details = failed(operation, subject).code(Errno.name(result));
    if (Errno.EROFS.is(result)) {
      return new ConflictException(
          details
              .because(
                  "the client that has the image open does not answer, and would have to be cut off")
              .advice(
                  "Look after the server that uses the image. It may still do what was asked once it answers again: look for the"
                      + " snapshot before trying again."));
    }
    if (Errno.EPERM.is(result) || Errno.EACCES.is(result)) {
      return new PermissionException(
          details
              .because("the Ceph user may not do that")
              .advice(
                  "It needs rwx on objects that begin with rbd_header. and rbd_object_map. in the image's pool, and rwx on such objects in the"
                      + " image's data pool if it has one."));
    }
    if (Errno.ETIMEDOUT.is(result)) {
      return new DeadlineException(
          details
              .because("the client that has the image open did not answer in time")
              .advice("It may still do so: look for the snapshot before trying again."));
    }
    return Errno.failure(operation, subject, result);
  }

  /**
   * Runs an action that finds out, before it changes anything, whether its caller has given up
   * meanwhile.
   */
  private Snapshot call(
      String operation, String subject, Function<BooleanSupplier, Snapshot> body) {
    AtomicBoolean wanted = new AtomicBoolean(true);
    try {
      return connection
          .calls()
          .call(
              operation,
              subject,
              connection.config().snapshotDeadline(),
              connection.lifetime(),
              () -> body.apply(wanted::get),
              late -> LOG.warn("{} for {} was done after its deadline", operation, subject));
    } catch (DeadlineException e) {
      wanted.set(false);
      throw e;
    }
  }

  private static void requireWanted(BooleanSupplier wanted, String operation, String subject) {
    if (!wanted.getAsBoolean()) {
      throw new DeadlineException(
          failed(operation, subject).because("the deadline passed before anything was changed"));
    }
  }
}
