// SPDX-License-Identifier: Apache-2.0
package com.oneprocloud.sync.openstack.internal.http;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.io.JsonEOFException;
import com.oneprocloud.sync.api.SyncException;
import com.oneprocloud.sync.openstack.CloudConfig;
import com.oneprocloud.sync.openstack.ServiceFault;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.net.SocketTimeoutException;
import java.net.UnknownHostException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.Optional;
import java.util.Random;
import java.util.UUID;
import java.util.concurrent.TimeUnit;
import javax.net.ssl.SSLException;
import okhttp3.Call;
import okhttp3.HttpUrl;
import okhttp3.MediaType;
import okhttp3.RequestBody;
import okhttp3.Response;
import okio.BufferedSink;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Makes calls: follows redirects without handing the token to strangers, tries again what failed in
 * passing and may be tried again, and keeps the deadline over all of it. Thread-safe.
 */
public final class Transport implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(Transport.class);
  private static final MediaType JSON = MediaType.get("application/json");
  private static final int MOST_REDIRECTS = 10;
  private static final int MOST_FAULT_BYTES = 64 * 1024;
  private static final Duration PATIENCE = Duration.ofMinutes(5);

  private final String cloud;
  private final HttpClients clients;
  private final int retries;
  private final Duration callTimeout;
  private final Ticker ticker;
  private final Backoff backoff;
  private final Secrets secrets;
  private volatile boolean closed;

  /** A transport for a cloud. */
  public Transport(CloudConfig config, Ticker ticker, Secrets secrets) {
    this.cloud = config.name();
    this.clients = new HttpClients(config);
    this.retries = config.retries();
    this.callTimeout = config.callTimeout();
    this.ticker = ticker;
    this.backoff = new Backoff(new Random());
    this.secrets = secrets;
  }

  /**
   * Makes a call.
   *
   * @param request the call
   * @param reader reads the answer
   * @return what the reader made of it
   * @throws ServiceFault if the service answered 400 or more (300 is for the reader to deal with)
   * @throws SyncException if there was no answer
   */
  public <T> T exchange(Request request, ReplyReader<T> reader) throws ServiceFault {
    Duration allowed =
        request.patient() && callTimeout.compareTo(PATIENCE.multipliedBy(2)) < 0
            ? PATIENCE.multipliedBy(2)
            : callTimeout;
    return exchange(request, reader, Deadline.in(allowed, ticker));
  }

  /** The same within a deadline of the caller's. */
  public <T> T exchange(Request request, ReplyReader<T> reader, Deadline deadline)
      throws ServiceFault {
    if (closed) {
      throw new IllegalStateException("cloud " + cloud + " is closed");
    }
    String ourId = "req-" + UUID.randomUUID();
    for (int failures = 1; ; failures++) {
      Attempt<T> attempt = attempt(request, reader, deadline, ourId);
      if (attempt.isDone()) {
        return attempt.value();
      }
      Duration pause = backoff.pause(failures, attempt.retryAfter);
      boolean again =
          attempt.again
              && failures <= retries
              && pause.compareTo(deadline.left()) < 0
              && !Thread.currentThread().isInterrupted();
      if (!again) {
        throw attempt.failure(request, cloud, deadline);
      }
      LOG.debug("{} failed ({}), trying again in {} ms", request, attempt.why(), pause.toMillis());
      try {
        ticker.sleep(pause);
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        throw attempt.failure(request, cloud, deadline);
      }
    }
  }

  private <T> Attempt<T> attempt(
      Request request, ReplyReader<T> reader, Deadline deadline, String ourId) {
    SendMark mark = new SendMark();
    HttpUrl url = request.url();
    String token = request.token();
    for (int redirects = 0; ; redirects++) {
      Duration left = deadline.left();
      if (left.isNegative() || left.isZero()) {
        return Attempt.failed(new InterruptedIOException("deadline"), false);
      }
      Call call =
          (request.patient() ? clients.patientClient(url, PATIENCE) : clients.client(url))
              .newCall(httpRequest(request, url, token, ourId));
      call.addEventListener(mark);
      call.timeout().timeout(left.toNanos(), TimeUnit.NANOSECONDS);
      long start = ticker.nanos();
      try (Response response = call.execute()) {
        int status = response.code();
        LOG.debug(
            "{} {} in {} ms (request id {})",
            request,
            status,
            (ticker.nanos() - start) / 1_000_000,
            requestId(response));
        HttpUrl next = redirect(response);
        if (next != null) {
          if (redirects == MOST_REDIRECTS) {
            return Attempt.failed(new IOException("more than 10 redirects"), false);
          }
          boolean known = sameService(url, next);
          if (!known && request.secretBody()) {
            return Attempt.failed(
                new IOException(
                    "redirected to "
                        + next.host()
                        + ", to which the credentials are not sent; if that is right, configure it"
                        + " as the URL"),
                false);
          }
          if (!known && token != null) {
            LOG.warn("{} is redirected to {}: going there without the token", request, next.host());
            token = null;
          }
          url = next;
          continue;
        }
        if (status >= 400) {
          return fault(request, response);
        }
        return Attempt.done(
            reader.read(new Reply(status, response.headers(), url, response.body().byteStream())));
      } catch (JsonEOFException e) {
        // The transfer looked whole, but the document is not: something on the way cut it.
        return Attempt.failed(
            new IOException("the answer ends in the middle", e), canRepeat(request, mark));
      } catch (JsonProcessingException e) {
        e.clearLocation();
        return Attempt.failed(
            new IOException(
                "the answer is not the JSON that was expected; is something else (a login page, a"
                    + " proxy) answering there?"),
            false);
      } catch (IOException e) {
        return Attempt.failed(e, canRepeat(request, mark) && isPassing(e));
      }
    }
  }

  private okhttp3.Request httpRequest(
      Request request, HttpUrl url, @Nullable String token, String ourId) {
    okhttp3.Request.Builder builder =
        new okhttp3.Request.Builder()
            .url(url)
            .header("Accept", "application/json")
            .header("User-Agent", "oneprocloud-sync")
            .header("X-Openstack-Request-Id", ourId);
    request.headers().forEach(builder::header);
    if (token != null) {
      builder.header("X-Auth-Token", token);
    }
    String json = request.body();
    if (json == null) {
      return builder.method(request.method(), null).build();
    }
    return builder.method(request.method(), new JsonBody(json, !request.repeatable())).build();
  }

  private static @Nullable HttpUrl redirect(Response response) {
    boolean isRedirect =
        switch (response.code()) {
          case 301, 302, 303, 305, 307, 308 -> true;
          default -> false;
        };
    String location = response.header("Location");
    return isRedirect && location != null ? response.request().url().resolve(location) : null;
  }

  /**
   * Whether the token may go from one URL to the other: same place, or the same host made safer.
   */
  private static boolean sameService(HttpUrl from, HttpUrl to) {
    if (!from.host().equals(to.host())) {
      return false;
    }
    boolean samePlace = from.scheme().equals(to.scheme()) && from.port() == to.port();
    return samePlace || (!from.isHttps() && to.isHttps());
  }

  private <T> Attempt<T> fault(Request request, Response response) {
    int status = response.code();
    String message = "";
    try {
      message = secrets.takeOutOf(FaultText.of(response.peekBody(MOST_FAULT_BYTES).string()));
    } catch (IOException e) {
      // The status says enough.
      LOG.debug("{}: the body of the fault could not be read", request, e);
    }
    String header = response.header("Retry-After");
    Optional<Duration> retryAfter =
        RetryAfter.parse(header, response.header("Date"), Instant.now());
    boolean zero = retryAfter.isPresent() && retryAfter.get().isZero();
    boolean again =
        switch (status) {
          case 429 -> !FaultText.isQuota(status, message, zero);
          // Old Nova said 413 for "too fast"; Cinder says it for "too much".
          case 413 -> header != null && !FaultText.isQuota(status, message, zero);
          case 408, 502, 503, 504 -> request.repeatable();
          default -> false;
        };
    String microversion = request.headers().get("OpenStack-API-Version");
    return Attempt.fault(
        new ServiceFault(
            request.service(),
            request.method(),
            request.route(),
            status,
            requestId(response),
            microversion,
            message),
        again,
        retryAfter);
  }

  private static @Nullable String requestId(Response response) {
    for (String name :
        new String[] {"x-openstack-request-id", "x-compute-request-id", "x-request-id"}) {
      String id = response.header(name);
      if (id != null && !id.isBlank()) {
        return id;
      }
    }
    return null;
  }

  private static boolean canRepeat(Request request, SendMark mark) {
    return request.repeatable() || !mark.isSent();
  }

  private static boolean isPassing(IOException failure) {
    if (failure instanceof SSLException || failure instanceof UnknownHostException) {
      return false;
    }
    // A silent server may answer next time; our own deadline and an interrupt are final.
    return !(failure instanceof InterruptedIOException)
        || failure instanceof SocketTimeoutException;
  }

  /** The deadline that a call has by default. */
  public Deadline deadline() {
    return Deadline.in(callTimeout, ticker);
  }

  /** Our time. */
  public Ticker ticker() {
    return ticker;
  }

  /** The cloud's name, for messages. */
  public String cloud() {
    return cloud;
  }

  /** How many connections are open, used or not; for tests. */
  public int connections() {
    return clients.connections().connectionCount();
  }

  /** How many connections are open and not in use; for tests. */
  public int idleConnections() {
    return clients.connections().idleConnectionCount();
  }

  @Override
  public void close() {
    closed = true;
    clients.connections().evictAll();
  }

  /**
   * A JSON body; one that OkHttp must not send a second time on its own if it is not repeatable.
   */
  private static final class JsonBody extends RequestBody {
    private final byte[] json;
    private final boolean oneShot;

    JsonBody(String json, boolean oneShot) {
      this.json = json.getBytes(StandardCharsets.UTF_8);
      this.oneShot = oneShot;
    }

    @Override
    public MediaType contentType() {
      return JSON;
    }

    @Override
    public long contentLength() {
      return json.length;
    }

    @Override
    public boolean isOneShot() {
      return oneShot;
    }

    @Override
    public void writeTo(BufferedSink sink) throws IOException {
      sink.write(json);
    }
  }

  /** How an attempt ended. */
  private static final class Attempt<T> {
    private final @Nullable T value;
    private final @Nullable ServiceFault fault;
    private final @Nullable IOException io;
    private final boolean again;
    private final Optional<Duration> retryAfter;

    private Attempt(
        @Nullable T value,
        @Nullable ServiceFault fault,
        @Nullable IOException io,
        boolean again,
        Optional<Duration> retryAfter) {
      this.value = value;
      this.fault = fault;
      this.io = io;
      this.again = again;
      this.retryAfter = retryAfter;
    }

    static <T> Attempt<T> done(T value) {
      return new Attempt<>(value, null, null, false, Optional.empty());
    }

    static <T> Attempt<T> fault(ServiceFault fault, boolean again, Optional<Duration> retryAfter) {
      return new Attempt<>(null, fault, null, again, retryAfter);
    }

    static <T> Attempt<T> failed(IOException io, boolean again) {
      return new Attempt<>(null, null, io, again, Optional.empty());
    }

    boolean isDone() {
      return fault == null && io == null;
    }

    T value() {
      if (value == null) {
        throw new IllegalStateException("the attempt has no value");
      }
      return value;
    }

    String why() {
      return fault != null ? "status " + fault.status() : String.valueOf(io);
    }

    SyncException failure(Request request, String cloud, Deadline deadline) throws ServiceFault {
      if (fault != null) {
        throw fault;
      }
      if (io == null) {
        throw new IllegalStateException("the attempt did not fail");
      }
      return Failures.of(request, cloud, io, deadline);
    }
  }
}
