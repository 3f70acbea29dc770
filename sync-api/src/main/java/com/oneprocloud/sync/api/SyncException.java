// SPDX-License-Identifier: Apache-2.0
package com.oneprocloud.sync.api;

import java.util.Locale;
import java.util.Objects;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * Root of everything this SDK throws for reasons outside the caller's code. Unchecked. Programming
 * errors (a null argument, use after close) stay {@link NullPointerException}, {@link
 * IllegalArgumentException} and {@link IllegalStateException}.
 *
 * <p>Each instance names the operation, the object it was about, the code that the other side gave
 * (an errno name, an HTTP status) and, where one exists, the request id; the message ends with what
 * to do next. Messages never contain a secret.
 */
public class SyncException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  private final String operation;
  private final String subject;
  private final @Nullable String code;
  private final @Nullable String requestId;
  private final @Nullable String because;
  private final @Nullable String advice;

  /**
   * An error with all that is known of it.
   *
   * @param details what happened, to what, and what to do about it
   */
  public SyncException(Details details) {
    super(details.message(), details.cause);
    this.operation = details.operation;
    this.subject = details.subject;
    this.code = details.code;
    this.requestId = details.requestId;
    this.because = details.because;
    this.advice = details.advice;
  }

  /** What was being done, as a verb phrase: {@code "open image"}. */
  public final String operation() {
    return operation;
  }

  /** The object it was done to: an image spec, a server id, a path, a route. */
  public final String subject() {
    return subject;
  }

  /**
   * The errno name ({@code "ETIMEDOUT"}) or HTTP status ({@code "404"}) that the other side gave,
   * if it gave one.
   */
  public final Optional<String> code() {
    return Optional.ofNullable(code);
  }

  /** The OpenStack request id, if the failure came with one. */
  public final Optional<String> requestId() {
    return Optional.ofNullable(requestId);
  }

  /** Why it failed, in a few words without a full stop, if that is known. */
  public final Optional<String> because() {
    return Optional.ofNullable(because);
  }

  /** What an operator can do next, if anything is known to help. */
  public final Optional<String> advice() {
    return Optional.ofNullable(advice);
  }

  /**
   * Starts the description of a failure.
   *
   * @param operation what was being done, as a verb phrase: {@code "open image"}
   * @param subject the object it was done to
   * @return details to complete and hand to the constructor of a {@link SyncException} class
   */
  public static Details failed(String operation, Object subject) {
    return new Details(operation, subject);
  }

  /**
   * The parts of a failure. Mutable, not thread-safe, meant to live for one {@code throw}
   * statement.
   */
  public static final class Details {
    private final String operation;
    private final String subject;
    private @Nullable String code;
    private @Nullable String requestId;
    private @Nullable String because;
    private @Nullable String advice;
    private @Nullable Throwable cause;

    private Details(String operation, Object subject) {
      this.operation = Objects.requireNonNull(operation, "operation");
      this.subject = Objects.requireNonNull(subject, "subject").toString();
    }

    /** The errno name or HTTP status. */
    public Details code(Object code) {
      this.code = code.toString();
      return this;
    }

    /** The id under which the other side logged the request. */
    public Details requestId(@Nullable String requestId) {
      this.requestId = requestId;
      return this;
    }

    /** Why it failed, in a few words without a full stop. */
    public Details because(String because, Object... args) {
      this.because = args.length == 0 ? because : String.format(Locale.ROOT, because, args);
      return this;
    }

    /** What an operator can do next, as a sentence. */
    public Details advice(String advice, Object... args) {
      this.advice = args.length == 0 ? advice : String.format(Locale.ROOT, advice, args);
      return this;
    }

    /** The exception underneath. */
    public Details cause(@Nullable Throwable cause) {
      this.cause = cause;
      return this;
    }

    private String message() {
      StringBuilder text = new StringBuilder(operation).append(" failed for ").append(subject);
      if (because != null) {
        text.append(": ").append(because);
      }
      if (code != null) {
        text.append(" [").append(code).append(']');
      }
      if (requestId != null) {
        text.append(" (request id ").append(requestId).append(')');
      }
      if (advice != null) {
        text.append(". ").append(advice);
      }
      return text.toString();
    }
  }
}
