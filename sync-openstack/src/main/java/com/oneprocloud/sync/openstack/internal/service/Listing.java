// SPDX-License-Identifier: Apache-2.0
package com.oneprocloud.sync.openstack.internal.service;

import com.oneprocloud.sync.api.SyncException;
import com.oneprocloud.sync.openstack.ServiceFault;
import com.oneprocloud.sync.openstack.internal.json.Fields;
import com.oneprocloud.sync.openstack.internal.json.JsonText;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A whole list, page by page. Only the query of a link to the next page is believed: links behind
 * proxies have the wrong scheme, host or path. Survives an entry that vanishes between two pages,
 * and ends on an empty page and on one that was there before.
 *
 * @param <T> what an entry becomes
 */
public final class Listing<T> {
  private static final Logger LOG = LoggerFactory.getLogger(Listing.class);
  private static final int MOST_RESTARTS = 3;
  private static final int USUAL_CAP = 1000;

  private final ServiceClient service;
  private final String route;
  private final String array;
  private final Function<Fields, T> parser;
  private final Map<String, String> query = new LinkedHashMap<>();
  private @Nullable Microversion best;
  private boolean byOffset;
  private int pageSize;

  /**
   * A list.
   *
   * @param route the route
   * @param array the name of the list in the document
   * @param parser makes something of an entry
   */
  public Listing(ServiceClient service, String route, String array, Function<Fields, T> parser) {
    this.service = service;
    this.route = route;
    this.array = array;
    this.parser = parser;
    this.pageSize = service.pageSize();
  }

  /** Adds to the query. */
  public Listing<T> query(String name, Object value) {
    query.put(name, value.toString());
    return this;
  }

  /** The newest microversion whose answers we can read. */
  public Listing<T> upTo(Microversion microversion) {
    best = microversion;
    return this;
  }

  /** Says that the service gives no links here, only {@code offset}. */
  public Listing<T> byOffset() {
    byOffset = true;
    return this;
  }

  /** How many entries to ask for in a page where the configuration says nothing. */
  public Listing<T> pagesOf(int entries) {
    if (pageSize == 0) {
      pageSize = entries;
    }
    return this;
  }

  /** All entries, in the order of the service, each once. */
  public List<T> fetch() {
    for (int restart = 0; ; restart++) {
      Map<String, T> found = new LinkedHashMap<>();
      if (readPages(found)) {
        return new ArrayList<>(found.values());
      }
      if (restart == MOST_RESTARTS) {
        throw service.unending(route);
      }
      LOG.debug("An entry of {} vanished between two pages, listing again", route);
    }
  }

  /** Whether the end was reached; false if the listing has to start again. */
  private boolean readPages(Map<String, T> found) {
    Map<String, String> first = new LinkedHashMap<>(query);
    if (pageSize > 0) {
      first.put("limit", Integer.toString(pageSize));
    }
    ServiceClient.Call call = call().query(first);
    Set<String> seen = new HashSet<>();
    for (int page = 1; ; page++) {
      seen.add(call.encodedQuery());
      Page<T> content;
      try {
        content = read(call);
      } catch (SyncException e) {
        if (page > 1 && isLostMarker(e)) {
          return false;
        }
        throw e;
      }
      int before = found.size();
      found.putAll(content.entries);
      if (content.count == 0) {
        return true;
      }
      Optional<String> next = content.next;
      ServiceClient.Call following = call();
      if (next.isPresent()) {
        following.encodedQuery(next.get());
      } else if (continuesUntold(content.count)) {
        if (found.size() == before) {
          return true; // The service takes no notice of the marker.
        }
        following.query(first);
        if (byOffset) {
          following.query("offset", found.size());
        } else {
          following.query("marker", content.lastId);
        }
      } else {
        return true;
      }
      if (!seen.add(following.encodedQuery())) {
        LOG.warn("The pages of {} lead in a circle; the list may be incomplete", route);
        return true;
      }
      call = following;
    }
  }

  private boolean continuesUntold(int count) {
    return byOffset || count >= (pageSize > 0 ? Math.min(pageSize, USUAL_CAP) : USUAL_CAP);
  }

  private ServiceClient.Call call() {
    ServiceClient.Call call = service.get(route);
    return best == null ? call : call.upTo(best);
  }

  private Page<T> read(ServiceClient.Call call) {
    return call.exchange(
        reply -> {
          Map<String, T> entries = new LinkedHashMap<>();
          int[] count = {0};
          String[] lastId = {""};
          Fields rest =
              JsonText.readArray(
                  reply.body(),
                  array,
                  entry -> {
                    count[0]++;
                    lastId[0] = entry.text("id").orElse("#" + count[0]);
                    entries.put(lastId[0], parser.apply(entry));
                  });
          return new Page<>(entries, count[0], lastId[0], next(rest, reply.headers().get("Link")));
        });
  }

  /** The query of the link to the next page, in any of the forms that there are. */
  private Optional<String> next(Fields rest, @Nullable String header) {
    for (String name : List.of(array + "_links", "links")) {
      for (Fields link : rest.objects(name)) {
        if (link.text("rel").filter("next"::equals).isPresent()) {
          return link.text("href").flatMap(Listing::queryOf);
        }
      }
      Optional<String> next = rest.object(name).text("next");
      if (next.isPresent()) {
        return queryOf(next.get());
      }
    }
    Optional<String> glance = rest.text("next");
    if (glance.isPresent()) {
      return queryOf(glance.get());
    }
    if (header != null) {
      for (String part : header.split(",(?=\\s*<)", -1)) {
        if (part.toLowerCase(Locale.ROOT).matches(".*;\\s*rel=\"?next\"?.*")
            && part.contains(">")) {
          return queryOf(part.substring(part.indexOf('<') + 1, part.indexOf('>')));
        }
      }
    }
    return Optional.empty();
  }

  private static Optional<String> queryOf(String href) {
    int mark = href.indexOf('?');
    if (mark < 0 || mark == href.length() - 1) {
      return Optional.empty();
    }
    int end = href.indexOf('#', mark);
    return Optional.of(href.substring(mark + 1, end < 0 ? href.length() : end));
  }

  private static boolean isLostMarker(SyncException failure) {
    return ServiceFault.of(failure)
        .filter(
            it ->
                it.status() == 404
                    || (it.status() == 400
                        && it.serviceMessage().toLowerCase(Locale.ROOT).contains("marker")))
        .isPresent();
  }

  private record Page<T>(Map<String, T> entries, int count, String lastId, Optional<String> next) {}
}
