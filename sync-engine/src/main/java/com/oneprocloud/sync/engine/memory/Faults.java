// SPDX-License-Identifier: Apache-2.0
package com.oneprocloud.sync.engine.memory;

import java.util.Objects;
import java.util.function.Function;

/**
 * Decides which operations of a {@link MemoryCluster} go wrong, and how. Asked once for every
 * operation, before it starts, on the thread that asks for the operation; may be called by several
 * threads at a time. An exception thrown here reaches the caller of the operation.
 */
@FunctionalInterface
public interface Faults {
  /**
   * Decides about one operation.
   *
   * @param call the operation
   * @return what happens to it
   */
  Effect on(Call call);

  /** Nothing goes wrong. */
  static Faults none() {
    return call -> Effect.none();
  }

  /**
   * One operation goes wrong.
   *
   * @param kind of this kind
   * @param number the how-manieth of its kind, from 1
   * @param effect what happens to it
   */
  static Faults nth(Call.Kind kind, long number, Function<Call, Effect> effect) {
    return call ->
        call.kind() == kind && call.number() == number ? effect.apply(call) : Effect.none();
  }

  /** These faults, and where they do nothing, others. */
  default Faults or(Faults others) {
    Objects.requireNonNull(others, "others");
    return call -> {
      Effect effect = on(call);
      return effect == Effect.none() ? others.on(call) : effect;
    };
  }
}
