// SPDX-License-Identifier: Apache-2.0
package com.oneprocloud.sync.engine.internal.settings;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import com.oneprocloud.sync.api.chain.Verification;
import com.oneprocloud.sync.engine.Adaptive;
import com.oneprocloud.sync.engine.EngineSettings;
import com.oneprocloud.sync.engine.Limits;
import com.oneprocloud.sync.engine.RateLimit;
import java.lang.reflect.RecordComponent;
import java.time.Duration;
import java.time.LocalTime;
import java.time.ZoneId;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class NamedSettingsTest {
  private static final EngineSettings DEFAULTS = EngineSettings.defaults();

  private static EngineSettings of(String... namesAndValues) {
    Properties properties = new Properties();
    for (int i = 0; i < namesAndValues.length; i += 2) {
      properties.setProperty(namesAndValues[i], namesAndValues[i + 1]);
    }
    return EngineSettings.fromProperties(properties);
  }

  private static List<String> faults(Map<String, String> values) {
    String message =
        assertThrows(IllegalArgumentException.class, () -> EngineSettings.fromProperties(values))
            .getMessage();
    return message.lines().skip(1).map(it -> it.substring("  - ".length())).toList();
  }

  @Test
  void nothingGivenMeansTheDefaults() {
    assertEquals(DEFAULTS, of());
  }

  @Test
  void everySettingHasItsName() {
    List<String> components =
        Stream.of(EngineSettings.class, Limits.class, Adaptive.class)
            .flatMap(it -> Arrays.stream(it.getRecordComponents()))
            .filter(it -> !it.getName().equals("limits") && !it.getName().equals("on"))
            .map(NamedSettingsTest::name)
            .map(it -> it.equals("poolRates") ? "poolRate.<pool>" : it)
            .toList();
    assertEquals(components, NamedSettings.names());
  }

  private static String name(RecordComponent component) {
    String name = component.getName();
    return component.getDeclaringRecord() == Adaptive.class
        ? "adaptive" + Character.toUpperCase(name.charAt(0)) + name.substring(1)
        : name;
  }

  @Test
  void everySettingIsSet() {
    EngineSettings expected =
        new EngineSettings(
            48 << 20,
            8,
            6,
            9,
            3,
            Duration.ofMillis(1500),
            Duration.ofMinutes(2),
            Verification.ALL,
            true,
            false,
            7,
            new Limits(
                2,
                5,
                Duration.ofMinutes(15),
                RateLimit.of(50_000_000),
                RateLimit.of(10_000_000),
                Map.of("volumes", RateLimit.of(20_000_000), "vms.ssd", RateLimit.of(0)),
                Duration.ofMillis(2),
                new Adaptive(true, 2.25, 30_000_000)));
    EngineSettings read =
        of(
            "bytesInFlight", "48MiB",
            "requestsInFlight", "8",
            "parallelDisks", "6",
            "parallelRuns", "9",
            "workers", " 3 ",
            "flushPeriod", "1500ms",
            "leaseTime", "2m",
            "verification", "all",
            "fastDiff", "TRUE",
            "digests", "false",
            "shares", "7",
            "disksPerServer", "2",
            "disksPerPool", "5",
            "recoveryPoint", "15m",
            "rate", "50 MB",
            "serverRate", "10MB",
            "poolRate.volumes", "20MB",
            "poolRate.vms.ssd", "0",
            "pausePerMegabyte", "2ms",
            "adaptive", "true",
            "adaptiveSlowdown", "2.25",
            "adaptiveFloor", "30MB");
    assertEquals(expected, read);
  }

  @Test
  void theNamesOfOthersMeanTheSameInTheirUnits() {
    assertEquals(
        DEFAULTS
            .withParallelDisks(5)
            .withRequestsInFlight(16)
            .withFlushPeriod(Duration.ofSeconds(7))
            .withLimits(Limits.none().withPausePerMegabyte(Duration.ofMillis(12))),
        of(
            "parallel_sync_disks_count", "5",
            "pre_disk_readers_count", "16",
            "fsync_period_frequency", "7",
            "openstack_release_cpu_time", "12"));
  }

  @Test
  void ratesHaveTimesOfDay() {
    RateLimit office =
        RateLimit.of(50_000_000)
            .during(LocalTime.of(8, 0), LocalTime.of(18, 30), ZoneId.of("Europe/Paris"), 10_000_000)
            .during(LocalTime.of(22, 0), LocalTime.of(6, 0), ZoneId.of("UTC"), RateLimit.UNLIMITED)
            .during(LocalTime.NOON, LocalTime.MIDNIGHT, ZoneId.of("+09:00"), 0);
    assertEquals(
        DEFAULTS.withLimits(
            Limits.none()
                .withRate(office)
                .withServerRate(RateLimit.unlimited())
                .withPoolRate("volumes", office)),
        of(
            "rate",
            " 50 MB;08:00-18:30 Europe/Paris 10MB ; 22:00 - 06:00 UTC Unlimited; 12:00-00:00 +09:00 0",
            "serverRate",
            "unlimited",
            "poolRate.volumes",
            "50MB; 08:00-18:30 Europe/Paris 10MB; 22:00-06:00 UTC unlimited; 12:00-00:00 +09:00 0"));
  }

  @ParameterizedTest
  @CsvSource({
    "rate, 50MB;",
    "rate, ; 08:00-18:00 UTC 10MB",
    "rate, 08:00-18:00 UTC 10MB",
    "rate, 50MB; 8:00-18:00 UTC 10MB",
    "rate, 50MB; 08:00-24:00 UTC 10MB",
    "rate, 50MB; 08:00-08:00 UTC 10MB",
    "rate, 50MB; 08:00-18:00 10MB",
    "rate, 50MB; 08:00-18:00 Europe/Atlantis 10MB",
    "rate, 50MB; 08:00-18:00 UTC",
    "rate, 50MB; 08:00-18:00 UTC 65GB",
    "rate, 50MB; 08:00-18:00 UTC 1MB 2MB",
    "rate, '50MB, 08:00-18:00 UTC 1MB'",
    "parallelDisks, 0",
    "parallelRuns, 0",
    "parallelDisks, four",
    "parallelDisks, 4.5",
    "parallelDisks, -1",
    "parallelDisks, 99999999999999999999",
    "parallelDisks, ''",
    "pre_disk_readers_count, 17",
    "pre_disk_readers_count, 0",
    "bytesInFlight, 1023KiB",
    "bytesInFlight, 2GiB",
    "bytesInFlight, 32MB/s",
    "bytesInFlight, 999999999999GiB",
    "flushPeriod, 3",
    "flushPeriod, 2h",
    "leaseTime, 999ms",
    "fsync_period_frequency, 3s",
    "openstack_release_cpu_time, 60001",
    "rate, 65GB",
    "serverRate, -1",
    "poolRate.volumes, fast",
    "verification, some",
    "fastDiff, yes",
    "adaptive, on",
    "adaptiveSlowdown, 1",
    "adaptiveSlowdown, 100.5",
    "adaptiveFloor, 999kB",
  })
  void whatIsMalformedOrOutOfRangeIsRefused(String name, String value) {
    List<String> faults = faults(Map.of(name, value));
    assertEquals(1, faults.size());
    assertEquals(
        name + " is \"" + value + "\", but has to be ",
        faults.get(0).substring(0, faults.get(0).indexOf("has to be ") + "has to be ".length()));
  }

  @Test
  void allFaultsAreToldAtOnce() {
    assertEquals(
        List.of(
            "there is no setting Parallel-Disks: write parallelDisks",
            "parallelDisks is \"many\", but has to be a whole number from 1 to 1000",
            "parallelDisks and parallel_sync_disks_count are the same setting: keep one of them",
            "workers is \"0\", but has to be a whole number from 1 to 1000"),
        faults(
            Map.of(
                "workers", "0",
                "Parallel-Disks", "4",
                "parallelDisks", "many",
                "parallel_sync_disks_count", "4")));
  }

  @Test
  void aPoolsRateHasAPool() {
    assertEquals(
        List.of("there is no setting poolRate.: write poolRate.<pool>"),
        faults(Map.of("poolRate.", "1MB")));
  }

  @Test
  void anUnknownNameIsAnsweredWithThoseThatThereAre() {
    List<String> faults = faults(Map.of("speed", "fast"));
    assertEquals(1, faults.size());
    NamedSettings.names().forEach(it -> assertEquals(true, faults.get(0).contains(it)));
  }
}
