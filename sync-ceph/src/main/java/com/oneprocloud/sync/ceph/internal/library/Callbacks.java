// SPDX-License-Identifier: Apache-2.0
package com.oneprocloud.sync.ceph.internal.library;

import com.sun.jna.Callback;
import com.sun.jna.CallbackReference;
import com.sun.jna.CallbackThreadInitializer;
import com.sun.jna.Native;
import com.sun.jna.Pointer;

/**
 * The Java methods that the libraries call. Each callback is registered once for the life of its
 * object, which must stay strongly reachable for as long as the libraries can call; the argument
 * tells one call from another.
 */
public final class Callbacks {
  private Callbacks() {}

  /**
   * {@code void (*)(rbd_completion_t c, void *arg)}, also {@code rados_callback_t}. Runs on a
   * thread of the libraries.
   */
  @FunctionalInterface
  public interface Completion extends Callback {
    /** Told when an operation is complete. Must not throw, block, or close anything. */
    void invoke(long completion, long argument);
  }

  /**
   * {@code int (*)(uint64_t offset, size_t length, int exists, void *arg)}. Runs on the thread that
   * asked for the diff.
   */
  @FunctionalInterface
  public interface Diff extends Callback {
    /** Told an extent; a negative result other than -2 ends the diff. Must not throw. */
    int invoke(long offset, long length, int exists, long argument);
  }

  /**
   * The address of a callback that the threads of the libraries call. They are attached to the
   * virtual machine at their first call, as daemons, and stay attached: attaching for each call
   * costs more than the call.
   */
  public static long address(Completion callback) {
    Native.setCallbackThreadInitializer(
        callback, new CallbackThreadInitializer(true, false, "ceph-library"));
    return Pointer.nativeValue(CallbackReference.getFunctionPointer(callback));
  }

  /** The address of a callback that the calling thread calls. */
  public static long address(Diff callback) {
    return Pointer.nativeValue(CallbackReference.getFunctionPointer(callback));
  }
}
