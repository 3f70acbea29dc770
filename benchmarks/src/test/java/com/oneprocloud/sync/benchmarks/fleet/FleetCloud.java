// SPDX-License-Identifier: Apache-2.0
package com.oneprocloud.sync.benchmarks.fleet;

import com.oneprocloud.sync.api.inventory.CloudInventory;
import com.oneprocloud.sync.api.inventory.Disk;
import com.oneprocloud.sync.api.inventory.Server;
import com.oneprocloud.sync.api.inventory.ServerId;
import com.oneprocloud.sync.api.inventory.ServerQuery;
import com.oneprocloud.sync.api.inventory.Volume;
import com.oneprocloud.sync.api.inventory.VolumeId;
import com.oneprocloud.sync.api.mapping.PoolMapping;
import com.oneprocloud.sync.api.storage.ImageSpec;
import com.oneprocloud.sync.engine.fixture.Servers;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.concurrent.atomic.LongAdder;
import java.util.function.IntUnaryOperator;

/** A cloud of servers with one or two local disks each; counts what it is asked. Thread-safe. */
final class FleetCloud implements CloudInventory {
  static final String POOL = "vms";
  private static final List<String> SUFFIXES = List.of("_disk", "_disk.eph0");

  private final int servers;
  private final IntUnaryOperator disksOf;
  private final long size;
  private final LongAdder asked = new LongAdder();

  /**
   * A cloud.
   *
   * @param disksOf how many disks a server has, by its number
   * @param size bytes of each disk
   */
  FleetCloud(int servers, IntUnaryOperator disksOf, long size) {
    this.servers = servers;
    this.disksOf = disksOf;
    this.size = size;
  }

  /** Where the disks are. */
  static PoolMapping mapping() {
    return PoolMapping.builder().imageBooted(POOL).build();
  }

  /** All servers. */
  List<ServerId> ids() {
    List<ServerId> ids = new ArrayList<>();
    for (int i = 0; i < servers; i++) {
      ids.add(ServerId.of("server-" + i));
    }
    return ids;
  }

  /** The images of all servers. */
  List<ImageSpec> images() {
    return ids().stream()
        .flatMap(it -> disksOf(it).stream())
        .map(it -> ImageSpec.of(POOL, it.imageName()))
        .toList();
  }

  /** How many disks a server has. */
  int diskCount(ServerId server) {
    return disksOf.applyAsInt(Integer.parseInt(server.value().substring("server-".length())));
  }

  /** How often it was asked anything. */
  long asked() {
    return asked.sum();
  }

  private List<Disk> disksOf(ServerId server) {
    List<Disk> disks = new ArrayList<>();
    for (int i = 0; i < diskCount(server); i++) {
      disks.add(
          new Disk(
              server,
              i == 0 ? Disk.Kind.ROOT : Disk.Kind.EPHEMERAL,
              server.value() + SUFFIXES.get(i),
              size,
              OptionalInt.empty(),
              Optional.empty(),
              Optional.empty()));
    }
    return disks;
  }

  @Override
  public String description() {
    return "a cloud of " + servers + " servers";
  }

  @Override
  public List<Server> servers(ServerQuery query) {
    asked.increment();
    return ids().stream().map(FleetCloud::describe).toList();
  }

  @Override
  public Server server(ServerId id) {
    asked.increment();
    return describe(id);
  }

  private static Server describe(ServerId id) {
    return Servers.active(id, "name of " + id);
  }

  @Override
  public List<Disk> disks(Server server) {
    asked.increment();
    return disksOf(server.id());
  }

  @Override
  public List<Volume> volumes() {
    throw new UnsupportedOperationException("no volumes");
  }

  @Override
  public Volume volume(VolumeId id) {
    throw new UnsupportedOperationException("no volumes");
  }

  @Override
  public List<String> volumeTypes() {
    throw new UnsupportedOperationException("no volumes");
  }

  @Override
  public Optional<ImageSpec> imageOf(Disk disk) {
    asked.increment();
    return Optional.empty();
  }

  @Override
  public void close() {}
}
