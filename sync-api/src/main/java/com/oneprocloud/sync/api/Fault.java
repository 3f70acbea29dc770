// SPDX-License-Identifier: Apache-2.0
package com.oneprocloud.sync.api;

import java.io.Serializable;
import java.util.Objects;

/**
 * One reason why a plan cannot be made.
 *
 * @param subject what it is about: a server, a disk, an image, a volume type
 * @param problem what is wrong, without a full stop
 * @param advice what to do about it, as a sentence
 */
public record Fault(String subject, String problem, String advice) implements Serializable {
  /** Checks that all parts are there. */
  public Fault {
    Objects.requireNonNull(subject, "subject");
    Objects.requireNonNull(problem, "problem");
    Objects.requireNonNull(advice, "advice");
  }

  /** The fault that an error amounts to. */
  public static Fault of(SyncException error) {
    return new Fault(
        error.subject(),
        error.operation() + " failed" + error.because().map(it -> ": " + it).orElse(""),
        error.advice().orElse("See the log for its cause."));
  }

  @Override
  public String toString() {
    return subject + ": " + problem + ". " + advice;
  }
}
