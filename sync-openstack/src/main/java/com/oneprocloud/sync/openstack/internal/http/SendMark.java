// SPDX-License-Identifier: Apache-2.0
package com.oneprocloud.sync.openstack.internal.http;

import okhttp3.Call;
import okhttp3.EventListener;

/** Remembers whether a request left us, so that one that never did may be made again. */
final class SendMark extends EventListener {
  private volatile boolean sent;

  @Override
  public void requestHeadersStart(Call call) {
    sent = true;
  }

  boolean isSent() {
    return sent;
  }
}
