// SPDX-License-Identifier: Apache-2.0
package com.oneprocloud.sync.openstack;

import com.oneprocloud.sync.api.AuthenticationException;
import com.oneprocloud.sync.api.ConflictException;
import com.oneprocloud.sync.api.DeadlineException;
import com.oneprocloud.sync.api.NotFoundException;
import com.oneprocloud.sync.api.PermissionException;
import com.oneprocloud.sync.api.SyncException;
import com.oneprocloud.sync.api.inventory.CloudInventory;
import com.oneprocloud.sync.api.inventory.CloudSnapshot;
import com.oneprocloud.sync.api.inventory.CloudSnapshots;
import com.oneprocloud.sync.api.inventory.Disk;
import com.oneprocloud.sync.api.inventory.Server;
import com.oneprocloud.sync.api.inventory.ServerId;
import com.oneprocloud.sync.api.inventory.ServerQuery;
import com.oneprocloud.sync.api.inventory.Volume;
import com.oneprocloud.sync.api.inventory.VolumeId;
import com.oneprocloud.sync.api.storage.ImageSpec;
import com.oneprocloud.sync.openstack.internal.block.Cinder;
import com.oneprocloud.sync.openstack.internal.compute.Nova;
import com.oneprocloud.sync.openstack.internal.http.Ticker;
import com.oneprocloud.sync.openstack.internal.identity.Token;
import com.oneprocloud.sync.openstack.internal.image.Glance;
import com.oneprocloud.sync.openstack.internal.inventory.Inventory;
import com.oneprocloud.sync.openstack.internal.inventory.Parallel;
import com.oneprocloud.sync.openstack.internal.service.Session;
import com.oneprocloud.sync.openstack.internal.snapshot.CinderSnapshots;
import com.oneprocloud.sync.openstack.internal.snapshot.ServerImages;
import com.oneprocloud.sync.openstack.internal.snapshot.ServerSnapshots;
import java.time.Duration;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * One user's view of one OpenStack cloud, Juno to today: its servers, their disks, its volumes and
 * snapshots, and where their images are.
 *
 * <pre>{@code
 * try (var cloud = OpenStackCloud.fromCloudsYaml("production")) {
 *   for (Server server : cloud.servers(ServerQuery.all())) {
 *     System.out.println(server.name() + " " + cloud.disks(server));
 *   }
 * }
 * }</pre>
 *
 * <p>Thread-safe; nothing is shared between two clouds. Each method asks the cloud anew and blocks
 * until it has the whole answer. The token is renewed as needed, once for all threads. A call that
 * fails in passing is made again if that cannot do harm, within the configuration's {@link
 * CloudConfig#callTimeout()}. Methods can throw:
 *
 * <ul>
 *   <li>{@link AuthenticationException}: the credentials are not accepted (any more)
 *   <li>{@link PermissionException}: the user may not do that; {@link QuotaExceededException} is
 *       one
 *   <li>{@link NotFoundException}, {@link ConflictException}: there is no such thing, or not in a
 *       state for it
 *   <li>{@link DeadlineException}: no answer in time
 *   <li>{@link SyncException}: anything else between us and the cloud
 * </ul>
 *
 * <p>What the service answered is the cause: {@link ServiceFault}. Interrupting the thread ends a
 * call.
 */
public final class OpenStackCloud implements CloudInventory {
  private final CloudConfig config;
  private final Session session;
  private final Parallel parallel;
  private final Nova nova;
  private final Cinder cinder;
  private final Glance glance;
  private final Inventory inventory;
  private final ServerSnapshots snapshots;
  private final ServerImages serverImages;

  private OpenStackCloud(CloudConfig config, Ticker ticker) {
    this.config = config;
    session = new Session(config, ticker);
    parallel = new Parallel("openstack-" + config.name(), config.parallelRequests());
    nova = new Nova(session);
    cinder = new Cinder(session);
    glance = new Glance(session);
    inventory = new Inventory(config.name(), nova, cinder, glance, parallel);
    CinderSnapshots taken =
        new CinderSnapshots(config.name(), cinder, parallel, ticker, this::token);
    serverImages = new ServerImages(config.name(), nova, glance, taken, ticker);
    snapshots = new ServerSnapshots(taken, serverImages, inventory, nova, cinder, glance, ticker);
  }

  /**
   * A cloud of {@code clouds.yaml}; logs in.
   *
   * @param cloud its name there
   */
  public static OpenStackCloud fromCloudsYaml(String cloud) {
    return connect(CloudConfig.fromCloudsYaml(cloud));
  }

  /** The cloud that the environment chooses; logs in. */
  public static OpenStackCloud fromEnvironment() {
    return connect(CloudConfig.fromEnvironment());
  }

  /** A cloud; logs in. */
  public static OpenStackCloud connect(CloudConfig config) {
    return connect(config, Ticker.system());
  }

  static OpenStackCloud connect(CloudConfig config, Ticker ticker) {
    OpenStackCloud cloud = new OpenStackCloud(config, ticker);
    try {
      cloud.token();
      return cloud;
    } catch (RuntimeException | Error e) {
      cloud.close();
      throw e;
    }
  }

  private Token token() {
    return session.tokens().token();
  }

  @Override
  public String description() {
    return config.name() + " (" + config.authUrl().getHost() + ")";
  }

  /** The id of the project that the user works in; empty if the token is for none. */
  public Optional<String> projectId() {
    return token().projectId();
  }

  /** The roles that the user has there. */
  public List<String> roles() {
    return token().roles();
  }

  /**
   * {@inheritDoc}
   *
   * <p>{@code GET /servers/detail}, one call for each 1000 servers, and on clouds older than Pike
   * one for the flavors.
   */
  @Override
  public List<Server> servers(ServerQuery query) {
    return nova.servers(query);
  }

  /**
   * {@inheritDoc}
   *
   * <p>{@code GET /servers/{id}}.
   */
  @Override
  public Server server(ServerId id) {
    return nova.server(id);
  }

  /**
   * {@inheritDoc}
   *
   * <p>{@code GET /volumes/{id}} for each volume, several at a time. Use {@link #disks(Collection)}
   * for many servers.
   *
   * @throws ConflictException if the server's cell is down, so that nobody knows its disks
   * @throws NotFoundException if Cinder does not know one of its volumes
   */
  @Override
  public List<Disk> disks(Server server) {
    return inventory.disks(server);
  }

  /**
   * The disks of many servers, by one listing of volumes: {@code GET /volumes/detail}.
   *
   * @param servers servers of one project or, for an administrator, of any
   * @return the disks of each, as {@link #disks(Server)} gives them
   */
  public Map<ServerId, List<Disk>> disks(Collection<Server> servers) {
    return inventory.disks(List.copyOf(servers), projectId());
  }

  /** All that is needed to build a server like this one elsewhere. */
  public ServerDescription describe(ServerId id) {
    return inventory.describe(id);
  }

  @Override
  public List<Volume> volumes() {
    return cinder.volumes(false);
  }

  /** The volumes of every project, for an administrator; the user's own otherwise. */
  public List<Volume> volumesOfEveryProject() {
    return cinder.volumes(true);
  }

  @Override
  public Volume volume(VolumeId id) {
    return cinder.volume(id);
  }

  @Override
  public List<String> volumeTypes() {
    return cinder.types();
  }

  /** The snapshots of the user's own project, whoever made them. */
  public List<CloudSnapshot> volumeSnapshots() {
    return cinder.snapshots(Map.of());
  }

  /** The images that the user may see. */
  public List<CloudImage> images() {
    return glance.images(Map.of());
  }

  /**
   * One image.
   *
   * @throws NotFoundException if there is none in the sight of the user
   */
  public CloudImage image(String id) {
    return glance.image(id);
  }

  /**
   * {@inheritDoc}
   *
   * <p>For volumes by the connection data of their attachments ({@code GET /attachments/{id}},
   * Ocata and later, with attachments of Queens and later); for an administrator also by {@code GET
   * /scheduler-stats/get_pools} (Queens and later). Nova tells nobody where its own disks are.
   */
  @Override
  public Optional<ImageSpec> imageOf(Disk disk) {
    return inventory.imageOf(disk);
  }

  /** The connection data of a volume that is in use, as {@link #imageOf(Disk)} finds them. */
  public Optional<VolumeConnection> connectionOf(Volume volume) {
    return inventory.connection(volume);
  }

  /**
   * Asks Cinder for the connection data that a new connection would get: {@code
   * os-initialize_connection}. RBD volumes are not changed by that and nothing has to be undone,
   * but it is meant for those who are about to attach the volume, so nothing does it unasked.
   *
   * @return empty if the volume is not on RBD
   */
  public Optional<VolumeConnection> askConnectionOf(VolumeId volume) {
    return cinder.initializeConnection(volume);
  }

  /**
   * Cinder's pools.
   *
   * @throws PermissionException unless the user is an administrator
   */
  public List<StoragePool> storagePools() {
    return cinder.pools();
  }

  /** What is left of the project's quota for snapshots. */
  public SnapshotQuota snapshotQuota() {
    return cinder.quota().left();
  }

  /**
   * Snapshots taken by Cinder: by itself, or by Nova's {@code createImage} where the guest is to be
   * quiesced, of which only the snapshots are kept.
   */
  public CloudSnapshots snapshots() {
    return snapshots;
  }

  /**
   * Has Nova make an image of a server: {@code createImage}. Nova tries to freeze the guest's file
   * systems first where the image says that it runs the guest agent, but never tells whether it
   * did.
   *
   * <p>For a volume-booted server that takes a Cinder snapshot of each of its volumes, one after
   * the other, and an image of no size that refers to them. For an image-booted server it copies
   * the root disk into an image and leaves no snapshot, so there is nothing to diff from; other
   * disks are not captured at all.
   *
   * @param server the server
   * @param name the image's name; make it unique, it is how a lost answer is looked up
   * @param metadata what to keep with the image; no key may be an attribute of images, such as
   *     {@code owner}
   * @param timeout how long to wait until image and snapshots are complete
   * @return the image and its snapshots, all available
   * @throws ConflictException if the server is in a state that forbids it
   */
  public ServerImage createImage(
      Server server, String name, Map<String, String> metadata, Duration timeout) {
    return serverImages.create(server, name, metadata, timeout);
  }

  /** Removes an image that {@link #createImage} made, and its snapshots. */
  public void remove(ServerImage image, Duration timeout) {
    serverImages.remove(image, timeout);
  }

  /**
   * Ends all calls that have not begun and closes the connections. Calls after that throw {@link
   * IllegalStateException}; closing twice does nothing.
   */
  @Override
  public void close() {
    parallel.close();
    session.close();
  }

  @Override
  public String toString() {
    return "OpenStackCloud[" + description() + "]";
  }
}
