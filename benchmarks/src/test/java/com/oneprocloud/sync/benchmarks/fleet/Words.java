// SPDX-License-Identifier: Apache-2.0
package com.oneprocloud.sync.benchmarks.fleet;

import com.oneprocloud.sync.engine.EngineSettings;
import java.util.HashMap;
import java.util.Map;

/** Options of a command: {@code --name number}. */
final class Words {
  private final Map<String, Integer> numbers = new HashMap<>();

  /** Takes the words after the command's name. */
  Words(String[] arguments) {
    for (int i = 1; i < arguments.length; i += 2) {
      if (!arguments[i].startsWith("--") || i + 1 == arguments.length) {
        throw new IllegalArgumentException("expected --option NUMBER, not " + arguments[i]);
      }
      numbers.put(arguments[i].substring(2), Integer.valueOf(arguments[i + 1]));
    }
  }

  /** An option, or what it is without one. */
  int get(String name, int otherwise) {
    return numbers.getOrDefault(name, otherwise);
  }

  /** Threads that plan and submit. */
  int planners() {
    return get("planners", 2);
  }

  /** The settings of the engine. */
  EngineSettings settings() {
    return EngineSettings.defaults()
        .withParallelDisks(get("parallel", 4))
        .withParallelRuns(get("runs", 0))
        .withFastDiff(get("fast", 0) == 1);
  }
}
