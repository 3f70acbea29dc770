// SPDX-License-Identifier: Apache-2.0
package com.oneprocloud.sync.api.storage;

/** Whether a cache tier takes part in reading and writing an image's objects. */
public enum CacheTier {
  /** The pool of the data has none and is none. */
  NONE,
  /** It has one, or is one. */
  PRESENT,
  /** The cluster did not say. */
  UNKNOWN
}
