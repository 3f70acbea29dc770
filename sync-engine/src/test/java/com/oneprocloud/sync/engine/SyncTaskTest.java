// SPDX-License-Identifier: Apache-2.0
package com.oneprocloud.sync.engine;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.oneprocloud.sync.api.InvalidPlanException;
import com.oneprocloud.sync.api.StorageException;
import com.oneprocloud.sync.api.storage.ImageSpec;
import com.oneprocloud.sync.api.target.Target;
import com.oneprocloud.sync.engine.memory.Call;
import com.oneprocloud.sync.engine.memory.Effect;
import com.oneprocloud.sync.engine.memory.Faults;
import com.oneprocloud.sync.engine.memory.MemoryCluster;
import com.oneprocloud.sync.engine.memory.MemoryDisk;
import com.oneprocloud.sync.engine.target.DirectoryTarget;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.ObjectInputStream;
import java.io.ObjectOutputStream;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class SyncTaskTest {
  private static final ImageSpec IMAGE = ImageSpec.of("volumes", "disk-1");
  private static final int MIB = 1 << 20;

  /** What a member has, by the name that a site carries. */
  private static final Map<String, Member> MEMBERS = new ConcurrentHashMap<>();

  private record Member(SyncEngine engine, Target target) {}

  private record Site(String member) implements SyncTask.Site {
    @Override
    public SyncEngine engine() {
      return MEMBERS.get(member).engine;
    }

    @Override
    public Target target(String name) {
      return MEMBERS.get(member).target;
    }
  }

  @TempDir Path folder;

  private final MemoryCluster cluster = MemoryCluster.withPools("volumes");
  private final SyncTask task = SyncTask.of(IMAGE, "replicas", new Site("member"));
  private MemoryDisk disk;

  @BeforeEach
  void open() {
    disk = cluster.newDisk(IMAGE).size(32 * MIB).objectSize(MIB).create();
    disk.write(0, "content".repeat(3_000_000).getBytes(UTF_8));
    SyncEngine engine =
        SyncEngine.builder()
            .storage(cluster)
            .snapshotter(cluster.snapshotter())
            .chains(DirectoryChainStore.at(folder.resolve("chains")))
            .settings(EngineSettings.defaults().withRequestsInFlight(1))
            .build();
    MEMBERS.put("member", new Member(engine, DirectoryTarget.at(folder.resolve("replicas"))));
  }

  @AfterEach
  void close() {
    MEMBERS.remove("member").engine.close();
    cluster.close();
  }

  @Test
  void isCarriedAsDataAndComesBackAsData() throws Exception {
    SyncTask.Result result = carried(carried(task).call());
    assertEquals(task.run().value(), result.run());
    assertEquals(1, result.disks().size());
    assertEquals(0, result.disks().get(0).sequence());
    assertEquals(IMAGE.toString(), result.disks().get(0).image());
    assertFalse(result.disks().get(0).found());
  }

  @Test
  void theSameTaskAgainDoesNothingAndAnotherTakesAnotherPoint() throws Exception {
    SyncTask.Result first = task.call();
    SyncTask.Result again = carried(task).call();
    assertEquals(first.run(), again.run());
    assertEquals(first.disks().get(0).manifest(), again.disks().get(0).manifest());
    assertTrue(again.disks().get(0).found());
    assertEquals(1, disk.snapshots().size());
    SyncTask.Result second = SyncTask.of(IMAGE, "replicas", new Site("member")).call();
    assertEquals(1, second.disks().get(0).sequence());
  }

  @Test
  void takesItsOwnRunUpAndFinishesThatOfAnotherFirst() throws Exception {
    cluster.faults(Faults.nth(Call.Kind.READ, 20, Effect::fail));
    assertThrows(StorageException.class, () -> task.withRetries(RetryPolicy.never()).call());
    SyncTask other =
        SyncTask.of(IMAGE, "replicas", new Site("member")).withRetries(RetryPolicy.never());
    SyncTask.Result result = carried(other).call();
    assertEquals(1, result.disks().get(0).sequence());
    assertEquals(other.run().value(), result.run());

    cluster.faults(call -> call.kind() == Call.Kind.READ ? Effect.fail(call) : Effect.none());
    disk.write(0, new byte[20 * MIB]);
    disk.write(0, "other".repeat(3_000_000).getBytes(UTF_8));
    SyncTask third =
        SyncTask.of(IMAGE, "replicas", new Site("member"))
            .withRetries(new RetryPolicy(2, Duration.ZERO));
    assertThrows(StorageException.class, third::call);
    cluster.faults(Faults.none());
    assertEquals(third.run().value(), third.call().run());
    assertEquals(third.run().value(), third.call().run());
    assertEquals(2, third.call().disks().get(0).sequence());
  }

  @Test
  void itsFailureIsCarriedToo() {
    SyncTask wrong = SyncTask.of(ImageSpec.of("none", "x"), "replicas", new Site("member"));
    InvalidPlanException failure = assertThrows(InvalidPlanException.class, wrong::call);
    InvalidPlanException arrived = carried(failure);
    assertEquals(failure.getMessage(), arrived.getMessage());
    assertEquals(failure.faults(), arrived.faults());
  }

  private static <T> T carried(T value) {
    try {
      ByteArrayOutputStream bytes = new ByteArrayOutputStream();
      try (ObjectOutputStream out = new ObjectOutputStream(bytes)) {
        out.writeObject(value);
      }
      try (ObjectInputStream in =
          new ObjectInputStream(new ByteArrayInputStream(bytes.toByteArray()))) {
        @SuppressWarnings("unchecked")
        T read = (T) in.readObject();
        return read;
      }
    } catch (IOException | ClassNotFoundException e) {
      throw new AssertionError(e);
    }
  }
}
