// SPDX-License-Identifier: Apache-2.0
package com.oneprocloud.sync.engine.internal.settings;

import com.oneprocloud.sync.api.chain.Verification;
import com.oneprocloud.sync.engine.Adaptive;
import com.oneprocloud.sync.engine.EngineSettings;
import com.oneprocloud.sync.engine.Limits;
import com.oneprocloud.sync.engine.RateLimit;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.function.BiFunction;
import java.util.stream.Collectors;

/** The settings of an engine by their names. */
public final class NamedSettings {
  private static final int MOST = 1000;
  private static final Duration MINUTE = Duration.ofMinutes(1);

  /** What the name of a pool's rate begins with. */
  private static final String POOL_RATE = "poolRate.";

  private static final List<Setting<?>> ALL =
      List.of(
          new Setting<>(
              "bytesInFlight",
              Form.size(1 << 20, 1 << 30, "from 1MiB to 1GiB"),
              (it, bytes) -> it.withBytesInFlight(Math.toIntExact(bytes))),
          new Setting<>(
              "requestsInFlight", Form.number(1, MOST), EngineSettings::withRequestsInFlight),
          new Setting<>("parallelDisks", Form.number(1, MOST), EngineSettings::withParallelDisks),
          new Setting<>("parallelRuns", Form.number(1, MOST), EngineSettings::withParallelRuns),
          new Setting<>("workers", Form.number(1, MOST), EngineSettings::withWorkers),
          new Setting<>(
              "flushPeriod",
              Form.time(Duration.ZERO, Duration.ofHours(1), "at most 1h"),
              EngineSettings::withFlushPeriod),
          new Setting<>(
              "leaseTime",
              Form.time(Duration.ofSeconds(1), Duration.ofHours(24), "from 1s to 24h"),
              EngineSettings::withLeaseTime),
          new Setting<>(
              "verification", Form.word(Verification.class), EngineSettings::withVerification),
          new Setting<>("fastDiff", Form.flag(), EngineSettings::withFastDiff),
          new Setting<>("digests", Form.flag(), EngineSettings::withDigests),
          new Setting<>("shares", Form.number(1, MOST), EngineSettings::withShares),
          new Setting<>("disksPerServer", Form.number(1, MOST), limit(Limits::withDisksPerServer)),
          new Setting<>("disksPerPool", Form.number(1, MOST), limit(Limits::withDisksPerPool)),
          new Setting<>(
              "recoveryPoint",
              Form.time(Duration.ZERO, Duration.ofDays(365), "0s for none"),
              limit(Limits::withRecoveryPoint)),
          new Setting<>("rate", Form.rate(), limit(Limits::withRate)),
          new Setting<>("serverRate", Form.rate(), limit(Limits::withServerRate)),
          poolRate("<pool>"),
          new Setting<>(
              "pausePerMegabyte",
              Form.time(Duration.ZERO, MINUTE, "at most 1m"),
              limit(Limits::withPausePerMegabyte)),
          new Setting<>("adaptive", Form.flag(), adaptive(Adaptive::withOn)),
          new Setting<>("adaptiveSlowdown", Form.times(), adaptive(Adaptive::withSlowdown)),
          new Setting<>(
              "adaptiveFloor",
              Form.size(1_000_000, RateLimit.FASTEST, "a second, from 1MB to 64GB"),
              adaptive(Adaptive::withFloor)),
          // what others call them, in their units
          new Setting<>(
              "parallel_sync_disks_count",
              "parallelDisks",
              Form.number(1, MOST),
              EngineSettings::withParallelDisks),
          new Setting<>(
              "pre_disk_readers_count",
              "requestsInFlight",
              Form.number(1, 16),
              EngineSettings::withRequestsInFlight),
          new Setting<>(
              "fsync_period_frequency",
              "flushPeriod",
              Form.time("seconds", Duration.ofSeconds(1), 3600),
              EngineSettings::withFlushPeriod),
          new Setting<>(
              "openstack_release_cpu_time",
              "pausePerMegabyte",
              Form.time("milliseconds", Duration.ofMillis(1), 60_000),
              limit(Limits::withPausePerMegabyte)));

  private NamedSettings() {}

  /**
   * A setting.
   *
   * @param name what it is called
   * @param sets what it sets, which may be set once
   * @param form how its value is written
   * @param apply makes settings with that value
   */
  private record Setting<T>(
      String name, String sets, Form<T> form, BiFunction<EngineSettings, T, EngineSettings> apply) {
    Setting(String name, Form<T> form, BiFunction<EngineSettings, T, EngineSettings> apply) {
      this(name, name, form, apply);
    }

    Optional<EngineSettings> with(EngineSettings settings, String value) {
      return form.read(value).map(it -> apply.apply(settings, it));
    }
  }

  private static Setting<RateLimit> poolRate(String pool) {
    return new Setting<>(
        POOL_RATE + pool, Form.rate(), limit((it, rate) -> it.withPoolRate(pool, rate)));
  }

  private static <T> BiFunction<EngineSettings, T, EngineSettings> limit(
      BiFunction<Limits, T, Limits> change) {
    return (settings, value) -> settings.withLimits(change.apply(settings.limits(), value));
  }

  private static <T> BiFunction<EngineSettings, T, EngineSettings> adaptive(
      BiFunction<Adaptive, T, Adaptive> change) {
    return limit((it, value) -> it.withAdaptive(change.apply(it.adaptive(), value)));
  }

  /** The names, other names for the same left out. */
  static List<String> names() {
    return ALL.stream().filter(it -> it.name().equals(it.sets())).map(Setting::name).toList();
  }

  /**
   * The defaults, changed by what is given.
   *
   * @throws IllegalArgumentException naming everything that is wrong
   */
  public static EngineSettings read(Map<String, String> values) {
    EngineSettings settings = EngineSettings.defaults();
    List<String> faults = new ArrayList<>();
    Map<String, String> setBy = new LinkedHashMap<>();
    for (Map.Entry<String, String> entry : new TreeMap<>(values).entrySet()) {
      String name = entry.getKey();
      Optional<Setting<?>> found = find(name);
      if (found.isEmpty()) {
        faults.add(unknown(name));
        continue;
      }
      Setting<?> setting = found.get();
      String before = setBy.putIfAbsent(setting.sets(), name);
      if (before != null) {
        faults.add(before + " and " + name + " are the same setting: keep one of them");
      }
      Optional<EngineSettings> with = setting.with(settings, entry.getValue());
      if (with.isEmpty()) {
        faults.add(
            name + " is \"" + entry.getValue() + "\", but has to be " + setting.form().words());
      }
      settings = with.orElse(settings);
    }
    if (!faults.isEmpty()) {
      throw new IllegalArgumentException(
          "the settings cannot be used:\n  - " + String.join("\n  - ", faults));
    }
    return settings;
  }

  private static Optional<Setting<?>> find(String name) {
    return name.startsWith(POOL_RATE) && name.length() > POOL_RATE.length()
        ? Optional.of(poolRate(name.substring(POOL_RATE.length())))
        : ALL.stream().filter(it -> it.name().equals(name)).findFirst();
  }

  private static String unknown(String name) {
    Optional<String> near =
        ALL.stream().map(Setting::name).filter(it -> bare(it).equals(bare(name))).findFirst();
    return near.map(it -> "there is no setting " + name + ": write " + it)
        .orElseGet(
            () ->
                "there is no setting "
                    + name
                    + ": there are "
                    + ALL.stream().map(Setting::name).collect(Collectors.joining(", ")));
  }

  /** A name without what is easily confused. */
  private static String bare(String name) {
    return name.toLowerCase(Locale.ROOT).replaceAll("<.*>|[^a-z]", "");
  }
}
