// SPDX-License-Identifier: Apache-2.0
package com.oneprocloud.sync.openstack.internal.http;

import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.regex.Pattern;

/**
 * Takes secrets out of text that a service sent us and that goes into messages: Keystone, for one,
 * quotes a request that it does not like. Thread-safe.
 */
public final class Secrets {
  private static final Pattern NAMED =
      Pattern.compile(
          "(?i)([\"']?(?:x-auth-token|x-subject-token|adminpass|admin_pass|auth_password|password|"
              + "passwd|secret|keyring|user_data|token)[\"']?\\s*[:=]\\s*[ub]?)"
              + "(\"[^\"]*\"|'[^']*'|[^\\s,;&}\\]]+)");
  private static final Pattern FERNET = Pattern.compile("\\bgAAAA[A-Za-z0-9_\\-=%]{20,}");
  private static final Pattern USER_INFO = Pattern.compile("(?<=://)[^/@\\s]+@");

  /** Shorter secrets are not looked for: they would tear holes into innocent words. */
  private static final int SHORTEST = 4;

  private final Set<String> known = ConcurrentHashMap.newKeySet();

  /** Remembers a secret. */
  public void add(String secret) {
    if (secret.length() >= SHORTEST) {
      known.add(secret);
    }
  }

  /** Forgets a secret that is no longer one: a token that was replaced. */
  public void remove(String secret) {
    known.remove(secret);
  }

  /** The text without secrets. */
  public String takeOutOf(String text) {
    String clean = text;
    for (String secret : known) {
      clean = clean.replace(secret, "***");
    }
    clean = NAMED.matcher(clean).replaceAll("$1***");
    clean = FERNET.matcher(clean).replaceAll("***");
    return USER_INFO.matcher(clean).replaceAll("");
  }
}
