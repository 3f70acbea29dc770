// SPDX-License-Identifier: Apache-2.0
package com.oneprocloud.sync.openstack.internal.config;

import static com.oneprocloud.sync.api.SyncException.failed;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.oneprocloud.sync.api.NotFoundException;
import com.oneprocloud.sync.api.SyncException;
import com.oneprocloud.sync.openstack.CloudConfig;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;

/** The clouds that files and environment describe. */
public final class CloudFiles {
  private static final Set<String> SELECTORS =
      Set.of(
          "OS_CLOUD",
          "OS_REGION_NAME",
          "OS_CLIENT_CONFIG_FILE",
          "OS_CLIENT_SECURE_FILE",
          "OS_CLIENT_VENDOR_FILE",
          "OS_CLOUD_NAME");

  private final Map<String, String> environment;
  private final Path workingDirectory;
  private final Path home;

  /**
   * The files that are found from there.
   *
   * @param environment variables
   * @param workingDirectory what relative paths are relative to
   * @param home the user's directory
   */
  public CloudFiles(Map<String, String> environment, Path workingDirectory, Path home) {
    this.environment = Map.copyOf(environment);
    this.workingDirectory = workingDirectory;
    this.home = home;
  }

  /** The files of this process's user, directory and environment. */
  public static CloudFiles ofThisProcess() {
    return new CloudFiles(
        System.getenv(), Path.of("").toAbsolutePath(), Path.of(System.getProperty("user.home")));
  }

  /** A given file, and what lies beside it. */
  public static CloudFiles of(Path file) {
    Path absolute = file.toAbsolutePath();
    Path folder = absolute.resolveSibling("");
    return new CloudFiles(Map.of("OS_CLIENT_CONFIG_FILE", absolute.toString()), folder, folder);
  }

  /** The cloud of that name. */
  public CloudConfig cloud(String name) {
    if (name.equals(environmentCloudName()) && isDescribedByEnvironment()) {
      return fromVariables();
    }
    ObjectNode clouds = clouds();
    JsonNode entry = clouds.get(name);
    if (!(entry instanceof ObjectNode cloud)) {
      throw new NotFoundException(
          failed("read cloud configuration", "cloud " + name)
              .because("%s", whatIsThere(clouds))
              .advice(
                  "Name one of them, or point OS_CLIENT_CONFIG_FILE at the clouds.yaml that has it"));
    }
    ObjectNode merged = profileOf(cloud);
    merge(merged, normalized(cloud));
    secureEntry(name).ifPresent(secure -> merge(merged, normalized(secure)));
    return settings(name, merged).toConfig();
  }

  /** The cloud that the environment chooses. */
  public CloudConfig chosenCloud() {
    Optional<String> chosen = variable("OS_CLOUD");
    if (chosen.isPresent()) {
      return cloud(chosen.get());
    }
    if (isDescribedByEnvironment()) {
      return fromVariables();
    }
    ObjectNode clouds = clouds();
    if (clouds.size() == 1) {
      return cloud(clouds.fieldNames().next());
    }
    throw new NotFoundException(
        failed("choose cloud", "the environment")
            .because("neither OS_CLOUD nor OS_AUTH_URL is set, and %s", whatIsThere(clouds))
            .advice("Set OS_CLOUD to the name of a cloud"));
  }

  private CloudSettings settings(String name, ObjectNode values) {
    return new CloudSettings(name, values, variable("OS_REGION_NAME"), workingDirectory, home);
  }

  private String environmentCloudName() {
    return variable("OS_CLOUD_NAME").orElse("envvars");
  }

  private boolean isDescribedByEnvironment() {
    return environment.entrySet().stream().anyMatch(it -> isSetting(it.getKey(), it.getValue()));
  }

  private static boolean isSetting(String name, String value) {
    return name.startsWith("OS_")
        && !value.isEmpty()
        && !SELECTORS.contains(name)
        && !name.startsWith("OS_TEST")
        && !name.startsWith("OS_STD")
        && !name.startsWith("OS_LOG");
  }

  private CloudConfig fromVariables() {
    ObjectNode values = JsonNodeFactory.instance.objectNode();
    environment.forEach(
        (name, value) -> {
          if (isSetting(name, value)) {
            values.put(name.substring(3).toLowerCase(Locale.ROOT), value);
          }
        });
    return settings(environmentCloudName(), values).toConfig();
  }

  private String whatIsThere(ObjectNode clouds) {
    Optional<Path> file = file("clouds", "OS_CLIENT_CONFIG_FILE");
    if (file.isEmpty()) {
      return "there is no clouds.yaml in " + directories();
    }
    Set<String> names = new TreeSet<>();
    clouds.fieldNames().forEachRemaining(names::add);
    return file.get() + " has the clouds " + names;
  }

  private ObjectNode clouds() {
    return file("clouds", "OS_CLIENT_CONFIG_FILE")
        .map(path -> mapping(YamlFile.read(path), "clouds", path))
        .orElseGet(JsonNodeFactory.instance::objectNode);
  }

  private Optional<ObjectNode> secureEntry(String name) {
    return file("secure", "OS_CLIENT_SECURE_FILE")
        .map(path -> mapping(YamlFile.read(path), "clouds", path))
        .map(clouds -> clouds.get(name))
        .filter(ObjectNode.class::isInstance)
        .map(ObjectNode.class::cast);
  }

  /** What the profile that a cloud names says, or nothing. */
  private ObjectNode profileOf(ObjectNode cloud) {
    ObjectNode values = JsonNodeFactory.instance.objectNode();
    JsonNode profile = cloud.hasNonNull("profile") ? cloud.get("profile") : cloud.get("cloud");
    if (profile == null || !profile.isTextual()) {
      return values;
    }
    Optional<Path> file = file("clouds-public", "OS_CLIENT_VENDOR_FILE");
    JsonNode entry =
        file.map(path -> mapping(YamlFile.read(path), "public-clouds", path))
            .map(profiles -> profiles.get(profile.textValue()))
            .orElse(null);
    if (entry instanceof ObjectNode found) {
      merge(values, normalized(found));
      return values;
    }
    throw new NotFoundException(
        failed("read cloud configuration", "profile " + profile.textValue())
            .because(
                "%s",
                file.map(path -> path + " does not have it")
                    .orElse("there is no clouds-public.yaml"))
            .advice("Write the profile's values into the cloud, or add the profile to the file"));
  }

  private static ObjectNode mapping(ObjectNode root, String key, Path path) {
    JsonNode value = root.get(key);
    if (value == null || value.isNull()) {
      return JsonNodeFactory.instance.objectNode();
    }
    if (value instanceof ObjectNode object) {
      return object;
    }
    throw new SyncException(
        failed("read cloud configuration", path)
            .because("%s is not a mapping", key)
            .advice("Correct the file"));
  }

  /** The first readable file of a name; directories are not merged. */
  private Optional<Path> file(String name, String variable) {
    List<Path> candidates = new ArrayList<>();
    variable(variable).map(this::path).ifPresent(candidates::add);
    for (Path directory : directories()) {
      for (String suffix : List.of(".yaml", ".yml", ".json")) {
        candidates.add(directory.resolve(name + suffix));
      }
    }
    return candidates.stream()
        .filter(it -> Files.isRegularFile(it) && Files.isReadable(it))
        .findFirst();
  }

  private List<Path> directories() {
    List<Path> directories = new ArrayList<>();
    directories.add(workingDirectory);
    variable("XDG_CONFIG_HOME")
        .map(it -> path(it).resolve("openstack"))
        .ifPresent(directories::add);
    directories.add(home.resolve(".config").resolve("openstack"));
    directories.add(Path.of("/etc/xdg/openstack"));
    directories.add(Path.of("/etc/openstack"));
    return directories;
  }

  private Path path(String text) {
    return text.startsWith("~/") ? home.resolve(text.substring(2)) : workingDirectory.resolve(text);
  }

  private Optional<String> variable(String name) {
    return Optional.ofNullable(environment.get(name)).filter(it -> !it.isEmpty());
  }

  private static ObjectNode normalized(ObjectNode node) {
    ObjectNode result = JsonNodeFactory.instance.objectNode();
    for (Map.Entry<String, JsonNode> entry : node.properties()) {
      String key = entry.getKey().replace('-', '_');
      JsonNode value = entry.getValue();
      boolean isNamesOfOthers = key.equals("host_addresses");
      result.set(
          key, value instanceof ObjectNode object && !isNamesOfOthers ? normalized(object) : value);
    }
    return result;
  }

  /** Puts one mapping over another, mappings within them too. */
  static void merge(ObjectNode below, ObjectNode above) {
    for (Map.Entry<String, JsonNode> entry : above.properties()) {
      JsonNode lower = below.get(entry.getKey());
      if (lower instanceof ObjectNode lowerObject
          && entry.getValue() instanceof ObjectNode upperObject) {
        merge(lowerObject, upperObject);
      } else if (!entry.getValue().isNull() || lower == null) {
        below.set(entry.getKey(), entry.getValue().deepCopy());
      }
    }
  }
}
