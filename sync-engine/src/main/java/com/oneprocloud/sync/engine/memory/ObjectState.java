// SPDX-License-Identifier: Apache-2.0
package com.oneprocloud.sync.engine.memory;

/** What an object map says of one object. */
public enum ObjectState {
  /** There is no such object. */
  NONEXISTENT,
  /** It exists and was written to since the snapshot before. */
  EXISTS,
  /** It is about to be removed; after a crash, nobody knows whether it was. */
  PENDING,
  /** It exists and was not written to since the snapshot before. */
  EXISTS_CLEAN
}
