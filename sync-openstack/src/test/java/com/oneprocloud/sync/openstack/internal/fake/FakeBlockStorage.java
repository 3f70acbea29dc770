// SPDX-License-Identifier: Apache-2.0
package com.oneprocloud.sync.openstack.internal.fake;

import static com.oneprocloud.sync.openstack.internal.fake.FakeCloud.json;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.oneprocloud.sync.openstack.internal.json.Fields;
import com.oneprocloud.sync.openstack.internal.json.JsonText;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.atomic.AtomicInteger;
import mockwebserver3.MockResponse;
import mockwebserver3.RecordedRequest;

/**
 * Cinder v3 with volumes and snapshots that change their state as one looks at them. All of it is
 * guarded by its lock.
 */
public final class FakeBlockStorage {
  private static final String BASE = "/volume/v3/" + FakeCloud.PROJECT;

  /** A snapshot; what it goes through is a list of states, each for one look. */
  private static final class FakeSnapshot {
    private final String id;
    private final String volume;
    private final String name;
    private JsonNode metadata;
    private String status = "creating";
    private final List<String> next = new ArrayList<>();

    FakeSnapshot(String id, String volume, String name, JsonNode metadata) {
      this.id = id;
      this.volume = volume;
      this.name = name;
      this.metadata = metadata;
    }

    String look() {
      if (!next.isEmpty()) {
        status = next.remove(0);
      }
      return String.format(
          Locale.ROOT,
          "{\"id\":\"%s\",\"volume_id\":\"%s\",\"name\":\"%s\",\"status\":\"%s\",\"size\":1,\"metadata\":%s,\"created_at\":\"2026-01-01T00:00:00.000000\"}",
          id,
          volume,
          name,
          status,
          metadata.isMissingNode() ? "{}" : metadata);
    }
  }

  private final Map<String, FakeSnapshot> snapshots = new HashMap<>();
  private final Map<String, List<String>> fates = new HashMap<>();
  private final Map<String, List<String>> ends = new HashMap<>();
  private final AtomicInteger number = new AtomicInteger();

  public FakeBlockStorage(FakeCloud cloud) {
    cloud.onWithToken("POST", BASE + "/snapshots", this::create);
    cloud.onWithToken("GET", BASE + "/snapshots/[^/]+", this::show);
    cloud.onWithToken("POST", BASE + "/snapshots/[^/]+/metadata", this::addMetadata);
    cloud.onWithToken("DELETE", BASE + "/snapshots/[^/]+", this::delete);
    cloud.onWithToken("GET", BASE + "/snapshots/detail", this::list);
    cloud.onWithToken(
        "GET", BASE + "/limits", request -> json(200, "{\"limits\":{\"absolute\":{}}}"));
  }

  public static String path(String rest) {
    return BASE + rest;
  }

  /** The states that a snapshot of a volume goes through after {@code creating}. */
  public synchronized void fate(String volume, String... states) {
    fates.put(volume, List.of(states));
  }

  /** The states that a snapshot of a volume goes through once it is to be removed. */
  public synchronized void end(String volume, String... states) {
    ends.put(volume, List.of(states));
  }

  public synchronized MockResponse create(RecordedRequest request) {
    Fields body;
    try {
      body = JsonText.read(request.getBody().utf8()).object("snapshot");
    } catch (JsonProcessingException e) {
      throw new AssertionError(e);
    }
    if (!body.isTrue("force")) {
      return json(400, "{\"badRequest\":{\"code\":400,\"message\":\"Invalid volume: in-use\"}}");
    }
    String volume = body.text("volume_id").orElseThrow();
    String id = "snap-" + volume + "-" + number.incrementAndGet();
    FakeSnapshot snapshot =
        new FakeSnapshot(id, volume, body.text("name").orElse(""), body.node().path("metadata"));
    String first = snapshot.look();
    snapshot.next.addAll(fates.getOrDefault(volume, List.of("available")));
    snapshots.put(id, snapshot);
    return json(202, "{\"snapshot\":" + first + "}");
  }

  public synchronized MockResponse list(RecordedRequest request) {
    String name = request.getUrl().queryParameter("name");
    List<String> found = new ArrayList<>();
    for (FakeSnapshot each : List.copyOf(snapshots.values())) {
      if (name == null || name.equals(each.name)) {
        String look = each.look();
        if (each.status.equals("gone")) {
          snapshots.remove(each.id);
        } else {
          found.add(look);
        }
      }
    }
    return json(200, "{\"snapshots\":[" + String.join(",", found) + "]}");
  }

  private synchronized MockResponse show(RecordedRequest request) {
    FakeSnapshot snapshot = snapshots.get(last(request));
    if (snapshot == null) {
      return notFound();
    }
    String look = snapshot.look();
    if (snapshot.status.equals("gone")) {
      snapshots.remove(snapshot.id);
      return notFound();
    }
    return json(200, "{\"snapshot\":" + look + "}");
  }

  private synchronized MockResponse delete(RecordedRequest request) {
    FakeSnapshot snapshot = snapshots.get(last(request));
    if (snapshot == null) {
      return notFound();
    }
    if (!snapshot.status.equals("available") && !snapshot.status.equals("error")) {
      return json(
          400,
          "{\"badRequest\":{\"code\":400,\"message\":\"Invalid snapshot: Volume Snapshot status must be available or error, but current status is: "
              + snapshot.status
              + "\"}}");
    }
    snapshot.next.clear();
    snapshot.status = "deleting";
    snapshot.next.addAll(ends.getOrDefault(snapshot.volume, List.of("deleting", "gone")));
    return new MockResponse.Builder().code(202).build();
  }

  private synchronized MockResponse addMetadata(RecordedRequest request) {
    List<String> path = request.getUrl().pathSegments();
    FakeSnapshot snapshot = snapshots.get(path.get(path.size() - 2));
    if (snapshot == null) {
      return notFound();
    }
    try {
      snapshot.metadata = JsonText.read(request.getBody().utf8()).node().path("metadata");
    } catch (JsonProcessingException e) {
      throw new AssertionError(e);
    }
    return json(200, "{\"metadata\":" + snapshot.metadata + "}");
  }

  private static String last(RecordedRequest request) {
    List<String> path = request.getUrl().pathSegments();
    return path.get(path.size() - 1);
  }

  private static MockResponse notFound() {
    return json(
        404, "{\"itemNotFound\":{\"code\":404,\"message\":\"Snapshot could not be found.\"}}");
  }

  /** A snapshot that somebody else made. */
  public synchronized void addForeign(String id, String volume) {
    FakeSnapshot snapshot =
        new FakeSnapshot(id, volume, "theirs", JsonText.object().put("owner", "them"));
    snapshot.status = "available";
    snapshots.put(id, snapshot);
  }

  /** The ids of the snapshots that are there. */
  public synchronized List<String> ids() {
    return snapshots.keySet().stream().sorted().toList();
  }
}
