// SPDX-License-Identifier: Apache-2.0
package com.oneprocloud.sync.engine.internal.plan;

import com.oneprocloud.sync.api.Fault;
import com.oneprocloud.sync.api.PermissionException;
import com.oneprocloud.sync.api.inventory.CloudInventory;
import com.oneprocloud.sync.api.inventory.Disk;
import com.oneprocloud.sync.api.mapping.PoolMapping;
import com.oneprocloud.sync.api.storage.ImageSpec;
import com.oneprocloud.sync.api.storage.StorageCluster;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * Finds the image of a disk: by the mapping, else by what the cloud says, else by looking into
 * every pool. What a mapping says is held to: if the image is not there, that is a fault, and the
 * fault names the pools where it is.
 */
public final class ImageLocator {
  private final StorageCluster storage;
  private final CloudInventory cloud;
  private final PoolMapping mapping;

  /**
   * A locator.
   *
   * @param storage where the images are
   * @param cloud what knows the disks
   * @param mapping what the operator says
   */
  public ImageLocator(StorageCluster storage, CloudInventory cloud, PoolMapping mapping) {
    this.storage = storage;
    this.cloud = cloud;
    this.mapping = mapping;
  }

  /**
   * Where an image was found.
   *
   * @param image the image
   * @param how how it was found, for people
   */
  public record Located(ImageSpec image, String how) {}

  /**
   * Finds the image of a disk.
   *
   * @param disk the disk
   * @param faults takes what is wrong
   * @return the image, or empty after a fault was added
   */
  public Optional<Located> locate(Disk disk, List<Fault> faults) {
    Optional<ImageSpec> told = cloud.imageOf(disk);
    Optional<ImageSpec> mapped =
        mapping
            .imageOf(disk)
            // a volume that was migrated in use has an image of another name, which only the cloud
            // knows
            .map(image -> told.map(it -> renamed(image, it.name())).orElse(image));
    if (mapped.isPresent()) {
      try {
        if (storage.find(mapped.get()).isPresent()) {
          return Optional.of(new Located(mapped.get(), "mapping " + PoolMapping.keyOf(disk)));
        }
        faults.add(wrongMapping(disk, mapped.get(), told));
      } catch (PermissionException e) {
        faults.add(Fault.of(e));
      }
      return Optional.empty();
    }
    if (told.isPresent() && sees(told.get())) {
      return Optional.of(new Located(told.get(), "the cloud"));
    }
    List<ImageSpec> found = probe(disk.imageName());
    if (found.size() == 1) {
      return Optional.of(new Located(found.get(0), "looking into every pool"));
    }
    faults.add(notFound(disk, found));
    return Optional.empty();
  }

  private static ImageSpec renamed(ImageSpec image, String name) {
    return ImageSpec.of(image.pool(), image.namespace(), name);
  }

  private List<ImageSpec> probe(String name) {
    List<ImageSpec> found = new ArrayList<>();
    for (String pool : storage.pools()) {
      ImageSpec image = ImageSpec.of(pool, name);
      if (sees(image)) {
        found.add(image);
      }
    }
    return found;
  }

  /** A pool that the user may not read is as good as one without the image. */
  private boolean sees(ImageSpec image) {
    try {
      return storage.find(image).isPresent();
    } catch (PermissionException e) {
      return false;
    }
  }

  private Fault wrongMapping(Disk disk, ImageSpec mapped, Optional<ImageSpec> told) {
    List<ImageSpec> found = probe(mapped.name());
    told.filter(it -> !found.contains(it) && sees(it)).ifPresent(found::add);
    String key = PoolMapping.keyOf(disk);
    return new Fault(
        "disk " + disk.id(),
        "the mapping of " + key + " leads to " + mapped + ", which does not exist",
        found.isEmpty()
            ? "The image was found in no pool that this user can see: check cluster and user."
            : "It was found at "
                + String.join(", ", found.stream().map(ImageSpec::toString).toList())
                + ": correct the mapping of "
                + key
                + ".");
  }

  private static Fault notFound(Disk disk, List<ImageSpec> found) {
    String key = PoolMapping.keyOf(disk);
    return found.isEmpty()
        ? new Fault(
            "disk " + disk.id(),
            "no pool that this user can see has an image " + disk.imageName(),
            "Check that this is the cluster behind the cloud, or map " + key + " to its pool.")
        : new Fault(
            "disk " + disk.id(),
            "several images are called " + disk.imageName() + ": " + found,
            "Map " + key + " to the right pool.");
  }
}
