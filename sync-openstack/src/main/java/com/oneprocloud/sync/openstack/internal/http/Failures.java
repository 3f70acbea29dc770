// SPDX-License-Identifier: Apache-2.0
package com.oneprocloud.sync.openstack.internal.http;

import static com.oneprocloud.sync.api.SyncException.failed;

import com.oneprocloud.sync.api.AuthenticationException;
import com.oneprocloud.sync.api.ConflictException;
import com.oneprocloud.sync.api.DeadlineException;
import com.oneprocloud.sync.api.NotFoundException;
import com.oneprocloud.sync.api.PermissionException;
import com.oneprocloud.sync.api.SyncException;
import com.oneprocloud.sync.api.SyncException.Details;
import com.oneprocloud.sync.api.UnsupportedException;
import com.oneprocloud.sync.openstack.QuotaExceededException;
import com.oneprocloud.sync.openstack.ServiceFault;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.net.ConnectException;
import java.net.SocketTimeoutException;
import java.net.UnknownHostException;
import java.util.regex.Pattern;
import javax.net.ssl.SSLException;

/** Turns what went wrong underneath into the exceptions that a caller handles. */
public final class Failures {
  private static final Pattern WRONG_STATE =
      Pattern.compile(
          "(?i)status must be|must be (available|in)|while (it is )?in (vm_state|task_state)|"
              + "Invalid (volume|snapshot)( status)?:|is busy|in use|current status");

  private Failures() {}

  /**
   * The exception for what a service answered.
   *
   * @param fault the answer
   * @param subject what it was about: an id, or the cloud
   */
  public static SyncException of(ServiceFault fault, String subject) {
    Details details =
        failed(fault.method() + " " + fault.service() + " " + fault.route(), subject)
            .code(fault.status())
            .requestId(fault.requestId().orElse(null))
            .cause(fault);
    if (!fault.serviceMessage().isEmpty()) {
      details.because("%s", fault.serviceMessage());
    }
    String message = fault.serviceMessage();
    return switch (fault.status()) {
      case 401 ->
          new AuthenticationException(
              details.advice(
                  "Check the user, the secret, the domain and the project, and whether the user is"
                      + " enabled and not locked"));
      case 403 ->
          FaultText.isQuota(403, message, false)
              ? quota(details)
              : new PermissionException(
                  details.advice(
                      "Give the user the role that this needs (member for snapshots, admin for"
                          + " other projects), or use a user who has it"));
      case 404 ->
          new NotFoundException(
              details.advice(
                  "Check that it exists in this project and region and that the endpoint in the"
                      + " catalog is right"));
      case 400 ->
          WRONG_STATE.matcher(message).find()
              ? new ConflictException(
                  details.advice("Wait until it is in a state that allows this and try again"))
              : new SyncException(
                  details.advice("The service does not accept the request; its message says why"));
      case 406, 501 ->
          new UnsupportedException(details.advice("This cloud's release does not offer it"));
      case 409 ->
          new ConflictException(
              details.advice("Wait until what is going on with it has ended and try again"));
      case 413, 429 ->
          FaultText.isQuota(fault.status(), message, false) || fault.status() == 413
              ? quota(details)
              : new SyncException(
                  details.advice("The cloud limits the rate of requests: make fewer at a time"));
      case 504, 408 ->
          new DeadlineException(
              details.advice("The cloud is overloaded or a part of it is down; try again later"));
      default ->
          new SyncException(
              fault.status() >= 500
                  ? details.advice(
                      "The service is in trouble; look for the request id in its log, or try again"
                          + " later")
                  : details.advice("The service does not accept the request"));
    };
  }

  private static SyncException quota(Details details) {
    return new QuotaExceededException(
        details.advice("Remove what is not needed any more or have the project's quota raised"));
  }

  /** The exception for a call that got no answer, or half of one. */
  static SyncException of(Request request, String cloud, IOException failure, Deadline deadline) {
    Details details = failed(request.operation(), target(request, cloud)).cause(failure);
    if (Thread.currentThread().isInterrupted()) {
      return new SyncException(details.because("the thread was interrupted"));
    }
    if (failure instanceof InterruptedIOException) {
      String within =
          failure instanceof SocketTimeoutException
              ? "no answer in time (" + failure.getMessage() + ")"
              : "no whole answer within " + deadline.allowed();
      return new DeadlineException(
          details
              .because("%s", within)
              .advice("Check the network and the service, or allow more time"));
    }
    if (failure instanceof UnknownHostException) {
      return new SyncException(
          details
              .because("the host name %s is not known", request.url().host())
              .advice(
                  "If the name is known only inside the cloud, give its address with hostAddress"));
    }
    if (failure instanceof SSLException) {
      return new SyncException(
          details
              .because("TLS: %s", text(failure))
              .advice("Give the cloud's certificate authority as cacert, and check the host name"));
    }
    if (failure instanceof ConnectException) {
      return new SyncException(
          details
              .because("%s", text(failure))
              .advice("Check that the service runs and that a firewall lets us through"));
    }
    return new SyncException(
        details.because("%s", text(failure)).advice("Check the network and any proxy on the way"));
  }

  private static String text(IOException failure) {
    String message = failure.getMessage();
    return message == null ? failure.getClass().getSimpleName() : message;
  }

  private static String target(Request request, String cloud) {
    return request.url().scheme()
        + "://"
        + request.url().host()
        + ":"
        + request.url().port()
        + " of cloud "
        + cloud;
  }

  /**
   * Whether a call that is not repeatable may have taken effect although it failed: the answer was
   * lost, or something between us and the service answered in its place.
   */
  public static boolean outcomeUnknown(SyncException failure) {
    return failure.getCause() instanceof IOException
        || ServiceFault.of(failure)
            .map(it -> it.status() >= 500 || it.status() == 408)
            .orElse(false);
  }
}
