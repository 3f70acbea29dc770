// SPDX-License-Identifier: Apache-2.0
package com.oneprocloud.sync.openstack.internal.http;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class FaultTextTest {
  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        "{\"itemNotFound\": {\"code\": 404, \"message\": \"Volume x could not be found.\"}} | Volume x could not be found.",
        "{\"error\": {\"code\": 401, \"title\": \"Unauthorized\", \"message\": \"no\"}} | no",
        "{\"message\": \"Not here.<br /><br />\\n\\n\\n\", \"code\": \"404 Not Found\", \"title\": \"Not Found\"} | Not here.",
        "{\"errors\": [{\"status\": 409, \"title\": \"Conflict\", \"detail\": \"in the way\"}]} | in the way",
        "{\"NeutronError\": {\"type\": \"X\", \"message\": \"m\", \"detail\": \"\"}} | m",
        "{\"error_message\": {\"faultstring\": \"wsme\"}} | wsme",
        "{\"overLimit\": {\"code\": 413, \"message\": \"SnapshotLimitExceeded: Maximum number of snapshots allowed (10) exceeded\", \"retryAfter\": \"0\"}} | SnapshotLimitExceeded: Maximum number of snapshots allowed (10) exceeded",
        "Authentication required | Authentication required",
        "{\"itemNotFound\": {\"code\": 404, \"mess | {\"itemNotFound\": {\"code\": 404, \"mess",
        "<html><head><title>503 Service Unavailable</title></head><body><h1>503</h1>No server is available.</body></html> | 503 Service Unavailable: 503 No server is available.",
        "{\"forbidden\": {\"message\": \"owned by &#x27;x&#39; &amp; &#99999999;\"}} | owned by 'x' & &#99999999;",
        "{\"error\": \"plain\"} | plain",
        "[\"first\", \"second\"] | first",
        "{} | ``",
      })
  void readsTheMessageOutOfAnyEnvelope(String body, String message) {
    assertEquals(message, FaultText.of(body));
  }

  @Test
  void cutsWhatIsTooLongForPeople() {
    assertTrue(FaultText.of("x".repeat(100_000)).length() < 1000);
  }

  @Test
  void tellsQuotasFromRateLimits() {
    assertTrue(FaultText.isQuota(413, "VolumeLimitExceeded: Maximum number of volumes", false));
    assertTrue(FaultText.isQuota(413, "", true));
    assertTrue(FaultText.isQuota(403, "Quota exceeded for resources: snapshots", false));
    assertFalse(FaultText.isQuota(403, "Policy doesn't allow this to be performed.", false));
    assertFalse(FaultText.isQuota(413, "This request was rate-limited.", false));
    assertFalse(FaultText.isQuota(429, "Too many requests", false));
    assertFalse(FaultText.isQuota(500, "Quota exceeded", false));
  }

  @Test
  void takesSecretsOutOfWhatServicesQuote() {
    Secrets secrets = new Secrets();
    secrets.add("s3cr3t/word");
    String clean =
        secrets.takeOutOf(
            "Invalid input for 's3cr3t/word': {\"password\": \"other\", 'adminPass': 'x y'} token"
                + " gAAAAABkZ0000000000000000000000000 at http://u:p@host/");
    for (String secret : new String[] {"s3cr3t", "other", "x y", "gAAAA", "u:p"}) {
      assertFalse(clean.contains(secret), clean);
    }
    assertTrue(clean.contains("Invalid input"), clean);
  }
}
