// SPDX-License-Identifier: Apache-2.0
package com.oneprocloud.sync.engine.internal.digest;

import com.oneprocloud.sync.api.chain.ChainStore;
import com.oneprocloud.sync.api.chain.CommittedManifest;
import com.oneprocloud.sync.api.chain.DigestRecord;
import com.oneprocloud.sync.api.chain.Manifest;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** Runs laid over each other: of each block, what the first layer says that knows of it. */
public final class Layers implements Runs {
  private final List<Layer> layers = new ArrayList<>();
  private long at;

  /**
   * Layers.
   *
   * @param runs the uppermost first; belong to this
   */
  public Layers(List<? extends Runs> runs) {
    runs.forEach(it -> layers.add(new Layer(it)));
  }

  /**
   * The manifests whose records together name every block of a point, the newest first; none if it
   * has no digests.
   */
  public static List<CommittedManifest> manifests(ChainStore chains, CommittedManifest point) {
    Manifest manifest = point.manifest();
    Optional<DigestRecord> digests = manifest.digests();
    if (digests.isEmpty()) {
      return List.of();
    }
    int most = Math.toIntExact(manifest.sequence() - digests.get().base() + 1);
    return chains.newest(manifest.chain(), most);
  }

  /**
   * The records of manifests, one over the other.
   *
   * @param manifests the newest first
   */
  public static Layers of(ChainStore chains, List<CommittedManifest> manifests) {
    List<RunReader> readers = new ArrayList<>();
    try {
      for (CommittedManifest manifest : manifests) {
        readers.add(RunReader.open(chains, manifest.manifest()));
      }
      return new Layers(readers);
    } catch (RuntimeException | Error e) {
      readers.forEach(RunReader::close);
      throw e;
    }
  }

  private static final class Layer {
    final Runs runs;
    private @Nullable Run run;
    private boolean ended;

    Layer(Runs runs) {
      this.runs = runs;
    }

    /** The first run that goes beyond a block. */
    @Nullable Run beyond(long block) {
      while (!ended && (run == null || run.end() <= block)) {
        run = runs.next();
        ended = run == null;
      }
      return run;
    }
  }

  @Override
  public @Nullable Run next() {
    while (true) {
      long limit = Long.MAX_VALUE;
      for (Layer layer : layers) {
        Run run = layer.beyond(at);
        if (run == null) {
          continue;
        }
        if (run.first() <= at) {
          Run part = run.part(at, Math.min(run.end(), limit));
          at = part.end();
          return part;
        }
        limit = Math.min(limit, run.first());
      }
      if (limit == Long.MAX_VALUE) {
        return null;
      }
      at = limit;
    }
  }

  @Override
  public void close() {
    layers.forEach(it -> it.runs.close());
  }
}
