// SPDX-License-Identifier: Apache-2.0
package com.oneprocloud.sync.openstack.internal.http;

import static com.oneprocloud.sync.api.SyncException.failed;

import com.oneprocloud.sync.api.SyncException;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyFactory;
import java.security.PrivateKey;
import java.security.cert.CertificateFactory;
import java.security.cert.X509Certificate;
import java.security.spec.InvalidKeySpecException;
import java.security.spec.PKCS8EncodedKeySpec;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Certificates and keys in a PEM file, in the forms that OpenSSL writes. */
final class PemFile {
  private static final Pattern BLOCK =
      Pattern.compile("-----BEGIN ([A-Z0-9 ]+)-----(.*?)-----END \\1-----", Pattern.DOTALL);
  private static final byte[] RSA_ALGORITHM = {
    0x30, 0x0d, 0x06, 0x09, 0x2a, (byte) 0x86, 0x48, (byte) 0x86, (byte) 0xf7, 0x0d, 1, 1, 1, 5, 0
  };
  private static final byte[] EC_OID = {
    0x06, 0x07, 0x2a, (byte) 0x86, 0x48, (byte) 0xce, 0x3d, 2, 1
  };

  private final Path path;
  private final String text;

  private PemFile(Path path, String text) {
    this.path = path;
    this.text = text;
  }

  static PemFile read(Path path) {
    try {
      return new PemFile(path, Files.readString(path, StandardCharsets.ISO_8859_1));
    } catch (IOException e) {
      throw new SyncException(
          failed("read PEM file", path)
              .because("%s", e)
              .advice("Check the path and the permissions of the file")
              .cause(e));
    }
  }

  List<X509Certificate> certificates() {
    List<X509Certificate> certificates = new ArrayList<>();
    Matcher blocks = BLOCK.matcher(text);
    try {
      CertificateFactory factory = CertificateFactory.getInstance("X.509");
      while (blocks.find()) {
        if (blocks.group(1).endsWith("CERTIFICATE")) {
          certificates.add(
              (X509Certificate)
                  factory.generateCertificate(new ByteArrayInputStream(bytes(blocks.group(2)))));
        }
      }
    } catch (GeneralSecurityException | IllegalArgumentException e) {
      throw unusable("a certificate in it cannot be read: " + e.getMessage(), e);
    }
    if (certificates.isEmpty()) {
      throw unusable("it holds no certificate", null);
    }
    return certificates;
  }

  PrivateKey privateKey() {
    Matcher blocks = BLOCK.matcher(text);
    while (blocks.find()) {
      String kind = blocks.group(1);
      if (!kind.endsWith("PRIVATE KEY")) {
        continue;
      }
      if (kind.startsWith("ENCRYPTED") || blocks.group(2).contains("Proc-Type")) {
        throw unusable(
            "its key is encrypted; write it without a passphrase (openssl pkey) where only this"
                + " process may read it",
            null);
      }
      try {
        byte[] der = bytes(blocks.group(2));
        return switch (kind) {
          case "RSA PRIVATE KEY" -> key("RSA", pkcs8(RSA_ALGORITHM, der));
          case "EC PRIVATE KEY" -> key("EC", pkcs8(ecAlgorithm(der), der));
          default -> anyKey(der);
        };
      } catch (GeneralSecurityException | IllegalArgumentException e) {
        // The exception's text can quote the key.
        throw unusable("its key cannot be read (" + e.getClass().getSimpleName() + ")", null);
      }
    }
    throw unusable("it holds no private key", null);
  }

  private SyncException unusable(
      String because, @org.jspecify.annotations.Nullable Throwable cause) {
    return new SyncException(
        failed("read PEM file", path)
            .because("%s", because)
            .advice("Give a PEM file as OpenSSL writes it")
            .cause(cause));
  }

  private static byte[] bytes(String base64) {
    return Base64.getMimeDecoder().decode(base64);
  }

  private static PrivateKey anyKey(byte[] pkcs8) throws GeneralSecurityException {
    GeneralSecurityException last = new InvalidKeySpecException("no algorithm tried");
    for (String algorithm : List.of("RSA", "EC", "EdDSA")) {
      try {
        return key(algorithm, pkcs8);
      } catch (GeneralSecurityException e) {
        last = e;
      }
    }
    throw last;
  }

  private static PrivateKey key(String algorithm, byte[] pkcs8) throws GeneralSecurityException {
    return KeyFactory.getInstance(algorithm).generatePrivate(new PKCS8EncodedKeySpec(pkcs8));
  }

  /** Wraps an older form of key: SEQUENCE { INTEGER 0, algorithm, OCTET STRING key }. */
  private static byte[] pkcs8(byte[] algorithm, byte[] key) {
    return der(0x30, new byte[] {2, 1, 0}, algorithm, der(0x04, key));
  }

  /** The curve is in the key itself: SEQUENCE { 1, OCTET STRING, [0] { OID }, ... }. */
  private static byte[] ecAlgorithm(byte[] key) {
    for (int i = 0; i + 3 < key.length; i++) {
      int length = key[i + 1];
      if (key[i] == (byte) 0xa0
          && key[i + 2] == 0x06
          && length > 2
          && i + 2 + length <= key.length
          && key[i + 3] == length - 2) {
        byte[] curve = java.util.Arrays.copyOfRange(key, i + 2, i + 2 + length);
        return der(0x30, EC_OID, curve);
      }
    }
    throw new IllegalArgumentException("no curve");
  }

  private static byte[] der(int tag, byte[]... parts) {
    ByteArrayOutputStream content = new ByteArrayOutputStream();
    for (byte[] part : parts) {
      content.writeBytes(part);
    }
    int length = content.size();
    ByteArrayOutputStream whole = new ByteArrayOutputStream();
    whole.write(tag);
    if (length < 0x80) {
      whole.write(length);
    } else if (length < 0x100) {
      whole.write(0x81);
      whole.write(length);
    } else {
      whole.write(0x82);
      whole.write(length >> 8);
      whole.write(length);
    }
    whole.writeBytes(content.toByteArray());
    return whole.toByteArray();
  }
}
