// SPDX-License-Identifier: Apache-2.0
package com.oneprocloud.sync.engine.internal.chain;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.util.DefaultIndenter;
import com.fasterxml.jackson.core.util.DefaultPrettyPrinter;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.oneprocloud.sync.api.ChainBrokenException;
import com.oneprocloud.sync.api.SyncException;
import com.oneprocloud.sync.api.UnsupportedException;
import com.oneprocloud.sync.api.chain.ChainId;
import com.oneprocloud.sync.api.chain.DigestRecord;
import com.oneprocloud.sync.api.chain.Manifest;
import com.oneprocloud.sync.api.chain.ManifestHash;
import com.oneprocloud.sync.api.chain.MapTrust;
import com.oneprocloud.sync.api.chain.OpenRun;
import com.oneprocloud.sync.api.chain.RunId;
import com.oneprocloud.sync.api.chain.SnapshotRef;
import com.oneprocloud.sync.api.chain.Verdict;
import com.oneprocloud.sync.api.chain.VerdictReason;
import com.oneprocloud.sync.api.chain.Verification;
import com.oneprocloud.sync.api.storage.Extents;
import com.oneprocloud.sync.api.storage.ImageIdentity;
import com.oneprocloud.sync.api.storage.ImageSpec;
import com.oneprocloud.sync.api.storage.Layout;
import com.oneprocloud.sync.api.storage.ParentLink;
import com.oneprocloud.sync.api.storage.SnapshotId;
import com.oneprocloud.sync.api.target.ReplicaName;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.time.Instant;
import java.time.format.DateTimeParseException;
import java.util.HexFormat;
import java.util.Locale;
import java.util.Optional;
import java.util.function.Function;
import java.util.zip.CRC32C;
import org.jspecify.annotations.Nullable;

/**
 * The JSON form of manifests and open runs. Written field by field, not by reflection: the form is
 * a contract with records that may be years old.
 *
 * <p>Every record begins with {@code "format"}. A reader refuses a greater format than its own;
 * fields may be added within a format. The last field is the CRC-32C of all bytes before it: the
 * newest manifest has no successor that would know its hash.
 */
public final class ManifestRecord {
  /** The format of what every version can read. */
  private static final int PLAIN = 1;

  /**
   * The format of records that say something of object maps: a version that does not know of it
   * would trust them again, and so must refuse the record.
   */
  private static final int MAPS = 2;

  /** The format of records with words that versions before did not know. */
  private static final int ROTATION = 3;

  /** The greatest format that this version reads. */
  static final int FORMAT = ROTATION;

  private static final String CHECK = ",\n  \"crc32c\" : \"";
  private static final String END = "\"\n}\n";

  private static final ObjectMapper JSON = new ObjectMapper();

  private ManifestRecord() {}

  private static int format(VerdictReason reason, boolean maps) {
    if (reason == VerdictReason.REPLICA_DIFFERS) {
      return ROTATION;
    }
    return maps ? MAPS : PLAIN;
  }

  /** A manifest's record. */
  public static byte[] write(Manifest manifest) {
    ObjectNode root = JSON.createObjectNode();
    root.put(
        "format",
        manifest.verification() == Verification.ROTATING
            ? ROTATION
            : format(manifest.reason(), manifest.maps() != MapTrust.UNUSED));
    chain(root.putObject("chain"), manifest.chain());
    root.put("sequence", manifest.sequence());
    manifest.previous().ifPresent(hash -> root.put("previous", hash.hex()));
    root.put("run", manifest.run().value());
    root.put("committed", manifest.committed().toString());
    image(root.putObject("image"), manifest.image(), manifest.identity());
    Layout layout = manifest.layout();
    root.putObject("layout")
        .put("objectSize", layout.objectSize())
        .put("stripeUnit", layout.stripeUnit())
        .put("stripeCount", layout.stripeCount())
        .put("dataPoolId", layout.dataPoolId());
    manifest
        .parent()
        .ifPresent(
            parent -> {
              ObjectNode node = root.putObject("parent");
              identity(node, parent.image());
              node.put("snapshotId", parent.snapshot().toString()).put("overlap", parent.overlap());
            });
    snapshot(root.putObject("snapshot"), manifest.snapshot());
    manifest.base().ifPresent(base -> snapshot(root.putObject("base"), base));
    root.put("verdict", manifest.verdict().name());
    root.put("reason", manifest.reason().name());
    root.put("verification", manifest.verification().name());
    if (manifest.maps() != MapTrust.UNUSED) {
      root.put("maps", manifest.maps().name());
    }
    // within the format: whoever does not know of digests commits a manifest that has none, and
    // then nobody relies on those before it
    manifest
        .digests()
        .ifPresent(
            digests ->
                root.putObject("digests")
                    .put("bytes", digests.bytes())
                    .put("sha256", digests.sha256())
                    .put("base", digests.base())
                    .put("baseBytes", digests.baseBytes())
                    .put("bytesSince", digests.bytesSince()));
    ObjectNode extents = root.putObject("extents");
    ArrayNode data = extents.putArray("data");
    ArrayNode zero = extents.putArray("zero");
    for (int i = 0; i < manifest.extents().size(); i++) {
      (manifest.extents().isZero(i) ? zero : data)
          .addArray()
          .add(manifest.extents().offset(i))
          .add(manifest.extents().length(i));
    }
    return bytes(root);
  }

  /**
   * Reads a manifest's record.
   *
   * @param source where it comes from, for the error
   * @throws ChainBrokenException if it is damaged
   * @throws UnsupportedException if a later version wrote it
   */
  public static Manifest readManifest(byte[] record, Object source) {
    return read(
        record,
        source,
        root ->
            new Manifest(
                chain(need(root, "chain")),
                need(root, "sequence").longValue(),
                text(root, "previous").map(ManifestHash::new),
                new RunId(need(root, "run").textValue()),
                Instant.parse(need(root, "committed").textValue()),
                image(need(root, "image")),
                identity(need(root, "image")),
                layout(need(root, "layout")),
                part(root, "parent")
                    .map(
                        node ->
                            new ParentLink(
                                identity(node),
                                snapshotId(need(node, "snapshotId")),
                                need(node, "overlap").longValue())),
                snapshot(need(root, "snapshot")),
                part(root, "base").map(ManifestRecord::snapshot),
                Verdict.valueOf(need(root, "verdict").textValue()),
                VerdictReason.valueOf(need(root, "reason").textValue()),
                extents(need(root, "extents")),
                Verification.valueOf(need(root, "verification").textValue()),
                text(root, "maps").map(MapTrust::valueOf).orElse(MapTrust.UNUSED),
                part(root, "digests").map(ManifestRecord::digests)));
  }

  /** An open run's record. */
  public static byte[] write(OpenRun run) {
    ObjectNode root = JSON.createObjectNode();
    root.put("format", format(run.reason(), run.usesMaps()));
    chain(root.putObject("chain"), run.chain());
    root.put("run", run.run().value());
    root.put("started", run.started().toString());
    image(root.putObject("image"), run.image(), run.identity());
    root.put("snapshotName", run.snapshotName());
    run.snapshot().ifPresent(snapshot -> snapshot(root.putObject("snapshot"), snapshot));
    run.base().ifPresent(base -> snapshot(root.putObject("base"), base));
    run.from().ifPresent(from -> root.put("from", from.hex()));
    root.put("verdict", run.verdict().name());
    root.put("reason", run.reason().name());
    if (run.usesMaps()) {
      root.put("usesMaps", true);
    }
    return bytes(root);
  }

  /**
   * Reads an open run's record.
   *
   * @param source where it comes from, for the error
   * @throws ChainBrokenException if it is damaged
   * @throws UnsupportedException if a later version wrote it
   */
  public static OpenRun readRun(byte[] record, Object source) {
    return read(
        record,
        source,
        root ->
            new OpenRun(
                chain(need(root, "chain")),
                new RunId(need(root, "run").textValue()),
                Instant.parse(need(root, "started").textValue()),
                image(need(root, "image")),
                identity(need(root, "image")),
                need(root, "snapshotName").textValue(),
                part(root, "snapshot").map(ManifestRecord::snapshot),
                part(root, "base").map(ManifestRecord::snapshot),
                text(root, "from").map(ManifestHash::new),
                Verdict.valueOf(need(root, "verdict").textValue()),
                VerdictReason.valueOf(need(root, "reason").textValue()),
                root.path("usesMaps").booleanValue()));
  }

  /** The hash that a record is known by. */
  public static ManifestHash hash(byte[] record) {
    return new ManifestHash(HexFormat.of().formatHex(sha256().digest(record)));
  }

  /** A digest of the kind that records are known by. */
  public static MessageDigest sha256() {
    try {
      return MessageDigest.getInstance("SHA-256");
    } catch (NoSuchAlgorithmException e) {
      throw new AssertionError("every Java platform has SHA-256", e);
    }
  }

  static byte[] chainRecord(ChainId chain) {
    ObjectNode root = JSON.createObjectNode();
    root.put("format", PLAIN);
    chain(root, chain);
    return bytes(root);
  }

  static ChainId readChain(byte[] record, Object source) {
    return read(record, source, ManifestRecord::chain);
  }

  static byte[] leaseRecord(LeaseRecord lease) {
    return bytes(
        JSON.createObjectNode()
            .put("format", PLAIN)
            .put("token", lease.token())
            .put("holder", lease.holder())
            .put("expires", lease.expires().toString()));
  }

  static LeaseRecord readLease(byte[] record, Object source) {
    return read(
        record,
        source,
        root ->
            new LeaseRecord(
                need(root, "token").longValue(),
                need(root, "holder").textValue(),
                Instant.parse(need(root, "expires").textValue())));
  }

  private static <T> T read(byte[] record, Object source, Function<JsonNode, T> reader) {
    try {
      String text = new String(record, StandardCharsets.UTF_8);
      JsonNode root = JSON.readTree(text);
      if (root == null || !root.path("format").isInt()) {
        throw damaged(source, "it has no format", null);
      }
      int format = root.get("format").intValue();
      if (format > FORMAT) {
        throw new UnsupportedException(
            SyncException.failed("read record", source)
                .because("it has format %d, this version reads up to %d", format, FORMAT)
                .advice("Use the version of this SDK that wrote it, or a later one."));
      }
      if (!text.equals(checked(text))) {
        throw damaged(source, "its checksum is not that of its content", null);
      }
      return reader.apply(root);
    } catch (JsonProcessingException
        | IllegalArgumentException
        | DateTimeParseException
        | NullPointerException e) {
      throw damaged(source, "it cannot be parsed", e);
    }
  }

  private static ChainBrokenException damaged(
      Object source, String why, @Nullable Throwable cause) {
    return new ChainBrokenException(
        SyncException.failed("read record", source)
            .because("the record is damaged: " + why)
            .advice("Restore the chain store from its backup, or start the chain anew.")
            .cause(cause));
  }

  private static void chain(ObjectNode node, ChainId chain) {
    node.put("group", chain.replica().group())
        .put("disk", chain.replica().disk())
        .put("target", chain.target());
  }

  private static ChainId chain(JsonNode node) {
    return new ChainId(
        new ReplicaName(need(node, "group").textValue(), need(node, "disk").textValue()),
        need(node, "target").textValue());
  }

  private static void image(ObjectNode node, ImageSpec image, ImageIdentity identity) {
    node.put("pool", image.pool()).put("name", image.name());
    identity(node, identity);
  }

  private static ImageSpec image(JsonNode node) {
    return new ImageSpec(
        need(node, "pool").textValue(),
        need(node, "namespace").textValue(),
        need(node, "name").textValue());
  }

  private static void identity(ObjectNode node, ImageIdentity identity) {
    node.put("cluster", identity.cluster())
        .put("poolId", identity.poolId())
        .put("namespace", identity.namespace())
        .put("imageId", identity.imageId());
  }

  private static ImageIdentity identity(JsonNode node) {
    return new ImageIdentity(
        need(node, "cluster").textValue(),
        need(node, "poolId").longValue(),
        need(node, "namespace").textValue(),
        need(node, "imageId").textValue());
  }

  private static Layout layout(JsonNode node) {
    return new Layout(
        need(node, "objectSize").longValue(),
        need(node, "stripeUnit").longValue(),
        need(node, "stripeCount").longValue(),
        need(node, "dataPoolId").longValue());
  }

  private static void snapshot(ObjectNode node, SnapshotRef snapshot) {
    node.put("id", snapshot.id().toString())
        .put("name", snapshot.name())
        .put("size", snapshot.size());
    snapshot.cloudId().ifPresent(id -> node.put("cloudId", id));
  }

  private static SnapshotRef snapshot(JsonNode node) {
    return new SnapshotRef(
        snapshotId(need(node, "id")),
        need(node, "name").textValue(),
        need(node, "size").longValue(),
        text(node, "cloudId"));
  }

  private static DigestRecord digests(JsonNode node) {
    return new DigestRecord(
        need(node, "bytes").longValue(),
        need(node, "sha256").textValue(),
        need(node, "base").longValue(),
        need(node, "baseBytes").longValue(),
        need(node, "bytesSince").longValue());
  }

  /** Ids are unsigned 64-bit numbers, which JSON numbers cannot be trusted with. */
  private static SnapshotId snapshotId(JsonNode node) {
    return SnapshotId.of(Long.parseUnsignedLong(node.textValue()));
  }

  private static Extents extents(JsonNode node) {
    Extents.Builder builder = Extents.builder();
    for (JsonNode extent : need(node, "data")) {
      builder.add(need(extent, 0), need(extent, 1), false);
    }
    for (JsonNode extent : need(node, "zero")) {
      builder.add(need(extent, 0), need(extent, 1), true);
    }
    return builder.build();
  }

  private static long need(JsonNode array, int index) {
    JsonNode value = array.get(index);
    if (value == null || !value.isIntegralNumber()) {
      throw new IllegalArgumentException("no number at " + index);
    }
    return value.longValue();
  }

  private static JsonNode need(JsonNode node, String field) {
    JsonNode value = node.get(field);
    if (value == null || value.isNull()) {
      throw new IllegalArgumentException("field '" + field + "' is missing");
    }
    return value;
  }

  private static Optional<JsonNode> part(JsonNode node, String field) {
    return Optional.ofNullable(node.get(field));
  }

  private static Optional<String> text(JsonNode node, String field) {
    return part(node, field).map(JsonNode::textValue);
  }

  /** Indented, with arrays of numbers on one line, and the same bytes on every platform. */
  private static byte[] bytes(ObjectNode root) {
    DefaultPrettyPrinter printer =
        new DefaultPrettyPrinter().withObjectIndenter(new DefaultIndenter("  ", "\n"));
    try {
      String text = JSON.writer(printer).writeValueAsString(root);
      return checked(text.substring(0, text.lastIndexOf('\n')) + CHECK)
          .getBytes(StandardCharsets.UTF_8);
    } catch (JsonProcessingException e) {
      throw new AssertionError("a tree of plain nodes can be written", e);
    }
  }

  /** A record's text with the checksum that belongs to the text before it. */
  private static String checked(String text) {
    int end = text.lastIndexOf(CHECK);
    String content = text.substring(0, Math.max(0, end));
    CRC32C crc = new CRC32C();
    crc.update(content.getBytes(StandardCharsets.UTF_8));
    return content + CHECK + String.format(Locale.ROOT, "%08x", crc.getValue()) + END;
  }
}
