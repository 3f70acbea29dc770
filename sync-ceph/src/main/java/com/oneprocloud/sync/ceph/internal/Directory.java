// SPDX-License-Identifier: Apache-2.0
package com.oneprocloud.sync.ceph.internal;

import static com.oneprocloud.sync.api.SyncException.failed;
import static java.nio.charset.StandardCharsets.UTF_8;

import com.oneprocloud.sync.api.NotFoundException;
import com.oneprocloud.sync.api.StorageException;
import com.oneprocloud.sync.api.SyncException;
import com.oneprocloud.sync.api.storage.ImageIdentity;
import com.oneprocloud.sync.api.storage.ImageSpec;
import com.oneprocloud.sync.ceph.internal.library.Errno;
import com.oneprocloud.sync.ceph.internal.library.Librados;
import com.oneprocloud.sync.ceph.internal.library.Scratch;
import java.util.List;
import java.util.Optional;
import java.util.TreeSet;
import java.util.function.Function;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/** What is in a cluster: pools, images, servers. Thread-safe. */
public final class Directory {
  private static final Pattern VERSION = Pattern.compile("ceph version (\\S+)");
  private static final String LIST = "list images";
  private static final String FIND = "find image";

  private final Connection connection;

  /** The directory of a cluster. */
  public Directory(Connection connection) {
    this.connection = connection;
  }

  /** The names of all pools, sorted ({@code rados_pool_list}). */
  public List<String> pools() {
    return connection.call(
        "list pools",
        connection.fsid(),
        connection.lifetime(),
        () -> {
          Librados rados = connection.libraries().rados();
          int room = 4096;
          while (true) {
            try (Scratch scratch = connection.scratch()) {
              long buffer = scratch.bytes(room);
              int needed =
                  (int)
                      Errno.check(
                          "list pools",
                          connection.fsid(),
                          rados.rados_pool_list(connection.cluster(), buffer, room));
              if (needed <= room) {
                return sorted(Scratch.textsAt(buffer, needed));
              }
              room = needed + 4096;
            }
          }
        });
  }

  /**
   * The names of the images in a pool's namespace, sorted ({@code rbd_list}).
   *
   * @throws NotFoundException if there is no such pool
   */
  public List<String> images(String pool, String namespace) {
    String subject =
        namespace.isEmpty() ? "pool " + pool : "pool " + pool + ", namespace " + namespace;
    return inPool(LIST, subject, pool, namespace, context -> Optional.of(images(context, subject)))
        .orElseThrow(
            () ->
                new NotFoundException(
                    failed(LIST, subject)
                        .because("there is no such pool")
                        .code(Errno.ENOENT.name())));
  }

  private List<String> images(PoolContext context, String subject) {
    long room = 64L << 10;
    while (true) {
      try (Scratch scratch = connection.scratch()) {
        long names = scratch.bytes(room);
        long size = scratch.slot();
        Scratch.putLong(size, room);
        int result = connection.libraries().rbd().rbd_list(context.handle(), names, size);
        if (Errno.ERANGE.is(result)) {
          room = Math.max(room, Scratch.longAt(size)) + 4096;
          continue;
        }
        if (Errno.ENOENT.is(result)) {
          return List.of();
        }
        return sorted(Scratch.textsAt(names, Errno.check(LIST, subject, result)));
      }
    }
  }

  /**
   * The identity of an image, from the object that its name points to (class method {@code
   * rbd.get_id}).
   */
  public Optional<ImageIdentity> find(ImageSpec spec) {
    return inPool(
        FIND,
        spec,
        spec.pool(),
        spec.namespace(),
        context -> {
          try (Scratch scratch = connection.scratch()) {
            int room = 1024;
            long output = scratch.bytes(room);
            int result =
                connection
                    .libraries()
                    .rados()
                    .rados_exec(
                        context.handle(),
                        scratch.text("rbd_id." + spec.name()),
                        scratch.text("rbd"),
                        scratch.text("get_id"),
                        0,
                        0,
                        output,
                        room);
            if (Errno.ENOENT.is(result)) {
              return Optional.empty();
            }
            int length = (int) Errno.check(FIND, spec, result);
            int idLength = Scratch.intAt(output);
            if (length < 4 || idLength < 1 || idLength > length - 4) {
              throw new StorageException(
                  failed(FIND, spec).because("the cluster's answer cannot be read"));
            }
            String id = new String(Scratch.bytesAt(output + 4, idLength), UTF_8);
            return Optional.of(
                new ImageIdentity(connection.fsid(), context.poolId(), spec.namespace(), id));
          }
        });
  }

  /**
   * The versions of the cluster's daemons, as far as the cluster tells them (monitor command {@code
   * versions}).
   */
  public String serverVersions() {
    try {
      return connection.call(
          "read versions", connection.fsid(), connection.lifetime(), this::askVersions);
    } catch (SyncException e) {
      return "of unknown version (" + e.getMessage() + ")";
    }
  }

  private String askVersions() {
    Matcher matcher =
        VERSION.matcher(Monitors.ask(connection, "read versions", "{\"prefix\": \"versions\"}"));
    TreeSet<String> versions =
        matcher
            .results()
            .map(found -> found.group(1))
            .collect(Collectors.toCollection(TreeSet::new));
    return versions.isEmpty() ? "of unknown version" : String.join(" and ", versions);
  }

  /** Runs a call in a pool; empty if there is no such pool. */
  private <T> Optional<T> inPool(
      String operation,
      Object subject,
      String pool,
      String namespace,
      Function<PoolContext, Optional<T>> body) {
    return connection.call(
        operation,
        subject,
        connection.lifetime(),
        () -> {
          long poolId = PoolContext.poolId(connection, pool);
          if (poolId < 0) {
            return Optional.<T>empty();
          }
          try (PoolContext context = PoolContext.open(connection, poolId, namespace)) {
            return body.apply(context);
          }
        });
  }

  private static List<String> sorted(List<String> names) {
    return names.stream().sorted().toList();
  }
}
