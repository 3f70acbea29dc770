// SPDX-License-Identifier: Apache-2.0
package com.oneprocloud.sync.engine;

import com.oneprocloud.sync.api.DiskPlan;
import com.oneprocloud.sync.api.DiskReport;
import com.oneprocloud.sync.api.SyncException;
import com.oneprocloud.sync.api.SyncListener;
import com.oneprocloud.sync.api.SyncPlan;
import com.oneprocloud.sync.api.SyncReport;
import com.oneprocloud.sync.api.chain.CommittedManifest;
import com.oneprocloud.sync.api.chain.Manifest;
import com.oneprocloud.sync.api.chain.RunId;
import com.oneprocloud.sync.api.chain.SyncMode;
import com.oneprocloud.sync.api.inventory.ServerId;
import com.oneprocloud.sync.api.storage.ImageSpec;
import com.oneprocloud.sync.api.target.Target;
import java.io.Serializable;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.Callable;

/**
 * One run as data, to be carried by any distributed {@link java.util.concurrent.ExecutorService}
 * and done on whichever member takes it. It holds names only; engine and target are found on that
 * member, through the {@link Site} that the embedder supplies. The run's state is in the chain
 * store that the members' engines share.
 *
 * <p>A task stands for one point. If its member dies, the same task can be given to another one: it
 * takes the run up where it stopped, waits for the dead member's lease to expire as far as its
 * {@link RetryPolicy} goes, and does nothing if the point was committed already. A member that was
 * only thought dead is refused by the chain store at its next write. For another point, make
 * another task.
 *
 * <p>Immutable; can be called any number of times.
 */
public final class SyncTask implements Callable<SyncTask.Result>, Serializable {
  private static final long serialVersionUID = 1L;

  private final Subject subject;
  private final String target;
  private final SyncMode mode;
  private final RetryPolicy retries;
  private final String run;
  private final Site site;

  private SyncTask(
      Subject subject, String target, SyncMode mode, RetryPolicy retries, String run, Site site) {
    this.subject = subject;
    this.target = Objects.requireNonNull(target, "target");
    this.mode = mode;
    this.retries = retries;
    this.run = run;
    this.site = Objects.requireNonNull(site, "site");
  }

  /**
   * What a member has. Written by the embedder and carried with the task, so it should hold no more
   * than what it needs to find the rest where it is called: a name, a URL.
   */
  public interface Site extends Serializable {
    /** The member's engine; stays the member's. */
    SyncEngine engine();

    /**
     * The target of a name that was given to a task. Its {@link Target#id} must be the same on
     * every member, since chains are tied to it.
     */
    Target target(String name);
  }

  /**
   * The task to bring a server's disks to a new point.
   *
   * @param server the server
   * @param target the target's name, for {@link Site#target}
   * @param site finds engine and target on the member
   */
  public static SyncTask of(ServerId server, String target, Site site) {
    return of(new Subject(server.value(), "", "", ""), target, site);
  }

  /** The task to bring one image to a new point; see {@link #of(ServerId, String, Site)}. */
  public static SyncTask of(ImageSpec image, String target, Site site) {
    return of(new Subject("", image.pool(), image.namespace(), image.name()), target, site);
  }

  private static SyncTask of(Subject subject, String target, Site site) {
    return new SyncTask(
        subject, target, SyncMode.AUTO, RetryPolicy.defaults(), RunId.random().value(), site);
  }

  /** The same point, got in another way. */
  public SyncTask withMode(SyncMode wanted) {
    return new SyncTask(subject, target, wanted, retries, run, site);
  }

  /** The same point, tried as often as that. */
  public SyncTask withRetries(RetryPolicy policy) {
    return new SyncTask(subject, target, mode, policy, run, site);
  }

  /** The id of the run that commits the point, unless it has to finish an earlier run first. */
  public RunId run() {
    return new RunId(run);
  }

  /**
   * Does it, on this member.
   *
   * @throws SyncException if it failed, after as many attempts as the policy allows
   */
  @Override
  public Result call() {
    SyncEngine engine = site.engine();
    Target where = site.target(target);
    return retries.call(() -> attempt(engine, where));
  }

  private Result attempt(SyncEngine engine, Target where) {
    while (true) {
      SyncPlan plan = subject.plan(engine, where, mode);
      if (plan.resumes()) {
        SyncReport report = engine.run(plan, SyncListener.NONE);
        if (plan.run().equals(run())) {
          return Result.of(report);
        }
        // an earlier run is finished; its point is older than this task
        continue;
      }
      List<CommittedManifest> done =
          plan.disks().stream()
              .flatMap(disk -> disk.head().stream())
              .filter(head -> head.manifest().run().equals(run()))
              .toList();
      if (!done.isEmpty() && done.size() == plan.disks().size()) {
        return Result.found(plan, done);
      }
      // a run id stands for one point: if a disk has it and others were never begun, it is used up
      RunId id = done.isEmpty() ? run() : RunId.random();
      return Result.of(engine.run(named(plan, id), SyncListener.NONE));
    }
  }

  private static SyncPlan named(SyncPlan plan, RunId id) {
    return new SyncPlan(
        plan.server(),
        id,
        plan.consistency(),
        plan.mode(),
        plan.target(),
        plan.disks(),
        plan.left());
  }

  @Override
  public String toString() {
    return "sync of " + subject + " to " + target + ", run " + run().brief();
  }

  /** A server, or else an image: as texts, which every version of this SDK can read. */
  private record Subject(String server, String pool, String namespace, String image)
      implements Serializable {
    SyncPlan plan(SyncEngine engine, Target target, SyncMode mode) {
      return server.isEmpty()
          ? engine.plan(ImageSpec.of(pool, namespace, image), target, mode)
          : engine.plan(ServerId.of(server), target, mode);
    }

    @Override
    public String toString() {
      return server.isEmpty()
          ? ImageSpec.of(pool, namespace, image).toString()
          : "server " + server;
    }
  }

  /**
   * What a task came to.
   *
   * @param run the run that committed the point, 32 hexadecimal digits
   * @param disks the points of the disks that this call replicated; where an earlier call had
   *     committed some disks, the others only; where it had committed all, all
   */
  public record Result(String run, List<Point> disks) implements Serializable {
    /** Copies the list. */
    public Result {
      Objects.requireNonNull(run, "run");
      disks = List.copyOf(disks);
    }

    private static Result of(SyncReport report) {
      List<Point> points = new ArrayList<>();
      for (DiskReport disk : report.disks()) {
        points.add(
            Point.of(disk.plan(), disk.committed(), disk.bytesRead(), disk.resumedAt(), false));
      }
      return new Result(report.run().value(), points);
    }

    private static Result found(SyncPlan plan, List<CommittedManifest> heads) {
      List<Point> points = new ArrayList<>();
      for (int i = 0; i < heads.size(); i++) {
        points.add(Point.of(plan.disks().get(i), heads.get(i), 0, 0, true));
      }
      return new Result(heads.get(0).manifest().run().value(), points);
    }
  }

  /**
   * The point of one disk.
   *
   * @param image the image, as {@link ImageSpec#toString} writes it
   * @param sequence its manifest's number in the chain
   * @param manifest its manifest's hash, 64 hexadecimal digits
   * @param snapshot the name of its snapshot
   * @param bytesRead bytes that this call read from the source
   * @param resumedAt where an earlier call had stopped, in bytes from the start; 0 if none was
   *     taken up
   * @param found whether an earlier call had committed it, so that this one did nothing
   */
  public record Point(
      String image,
      long sequence,
      String manifest,
      String snapshot,
      long bytesRead,
      long resumedAt,
      boolean found)
      implements Serializable {
    private static Point of(
        DiskPlan plan, CommittedManifest committed, long bytesRead, long resumedAt, boolean found) {
      Manifest manifest = committed.manifest();
      return new Point(
          plan.image().toString(),
          manifest.sequence(),
          committed.hash().hex(),
          manifest.snapshot().name(),
          bytesRead,
          resumedAt,
          found);
    }
  }
}
