// SPDX-License-Identifier: Apache-2.0
package com.oneprocloud.sync.ceph.internal.library;

import static com.oneprocloud.sync.api.SyncException.failed;

import com.oneprocloud.sync.api.NotFoundException;
import com.oneprocloud.sync.api.UnsupportedException;
import com.oneprocloud.sync.ceph.Capabilities;
import com.oneprocloud.sync.ceph.Capability;
import com.sun.jna.Native;
import com.sun.jna.NativeLibrary;
import com.sun.jna.Platform;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.EnumSet;
import java.util.Set;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** librados and librbd, loaded, their functions bound. Immutable, thread-safe. */
public final class CephLibraries {
  private static final String LOAD = "load the Ceph client libraries";
  private static final String RADOS = "librados.so.2";
  private static final String RBD = "librbd.so.1";

  private final Librados rados = new Librados();
  private final Librbd rbd = new Librbd();
  private final NewerRbd newer;
  private final NewerRados newerRados;
  private final Capabilities capabilities;

  private CephLibraries(
      NativeLibrary radosLibrary, NativeLibrary rbdLibrary, Set<Capability> hidden) {
    if (!Native.registered(Librados.class)) {
      Native.register(Librados.class, radosLibrary);
    }
    if (!Native.registered(Librbd.class)) {
      Native.register(Librbd.class, rbdLibrary);
    }
    newer = new NewerRbd(rbdLibrary);
    newerRados = new NewerRados(radosLibrary);
    Set<Capability> available = EnumSet.noneOf(Capability.class);
    for (Capability capability : Capability.values()) {
      NativeLibrary library = capability.symbol().startsWith("rados_") ? radosLibrary : rbdLibrary;
      if (!hidden.contains(capability) && has(library, capability.symbol())) {
        available.add(capability);
      }
    }
    capabilities =
        new Capabilities(version(rados::rados_version), version(rbd::rbd_version), available);
  }

  /**
   * Loads the libraries, or returns what is loaded already.
   *
   * @param folder the folder that holds them; null for where the system has them
   * @param hidden capabilities that are treated as missing, so that what is done without them can
   *     be tried
   * @throws NotFoundException if the folder does not hold them
   * @throws UnsupportedException if they cannot be loaded here
   */
  public static CephLibraries load(@Nullable Path folder, Set<Capability> hidden) {
    if (!Platform.isLinux() || Native.POINTER_SIZE != 8) {
      throw new UnsupportedException(
          failed(LOAD, System.getProperty("os.name") + " " + System.getProperty("os.arch"))
              .because("the Ceph client libraries need 64-bit Linux"));
    }
    JnaVersion.check(Native.VERSION);
    String rados = folder == null ? RADOS : fileIn(folder, RADOS);
    String rbd = folder == null ? RBD : fileIn(folder, RBD);
    // The functions are bound for the whole process, and so are the libraries: one binding at a
    // time.
    synchronized (CephLibraries.class) {
      if (folder != null) {
        refuseSecondLibrary(Path.of(rados));
        refuseSecondLibrary(Path.of(rbd));
      }
      try {
        if (folder != null) {
          loadCommon(folder);
        }
        return new CephLibraries(
            NativeLibrary.getInstance(rados), NativeLibrary.getInstance(rbd), hidden);
      } catch (UnsatisfiedLinkError e) {
        throw new UnsupportedException(
            failed(LOAD, folder == null ? RADOS + " and " + RBD : folder)
                .because("the system's linker says: %s", String.valueOf(e.getMessage()))
                .advice(
                    "Install the packages librados2 and librbd1 of Ceph Jewel 10.2.6 or later, or set the library path.")
                .cause(e));
      }
    }
  }

  /** librados. */
  public Librados rados() {
    return rados;
  }

  /** librbd. */
  public Librbd rbd() {
    return rbd;
  }

  /** What newer releases of librbd have. */
  public NewerRbd newer() {
    return newer;
  }

  /** What newer releases of librados have. */
  public NewerRados newerRados() {
    return newerRados;
  }

  /** What the libraries can do. */
  public Capabilities capabilities() {
    return capabilities;
  }

  private static boolean has(NativeLibrary library, String symbol) {
    try {
      library.getFunction(symbol);
      return true;
    } catch (UnsatisfiedLinkError e) {
      return false;
    }
  }

  private static String version(VersionFunction function) {
    try (Scratch scratch = new Scratch(new NativeBalance())) {
      long numbers = scratch.bytes(24);
      function.call(numbers, numbers + 8, numbers + 16);
      return Scratch.intAt(numbers)
          + "."
          + Scratch.intAt(numbers + 8)
          + "."
          + Scratch.intAt(numbers + 16);
    }
  }

  private static String fileIn(Path folder, String name) {
    Path file = folder.resolve(name);
    if (!Files.isRegularFile(file)) {
      throw new NotFoundException(
          failed(LOAD, file)
              .because("there is no such file")
              .advice("The library path is the folder that holds %s and %s.", RADOS, RBD));
    }
    return file.toAbsolutePath().toString();
  }

  /**
   * librados needs libceph-common, which the system's linker does not look for in a folder of the
   * site's own.
   */
  private static void loadCommon(Path folder) {
    for (Path place : new Path[] {folder, folder.resolve("ceph")}) {
      for (String name : new String[] {"libceph-common.so.2", "libceph-common.so.0"}) {
        Path file = place.resolve(name);
        if (Files.isRegularFile(file)) {
          NativeLibrary.getInstance(file.toAbsolutePath().toString());
          return;
        }
      }
    }
  }

  /**
   * A process can hold one librados and one librbd: the linker gives whoever asks for a second one
   * of the same name the first, and the two do not fit together.
   */
  private static void refuseSecondLibrary(Path wanted) {
    String prefix = wanted.getFileName().toString().replaceFirst("\\.so.*", ".so");
    try (Stream<String> maps = Files.lines(Path.of("/proc/self/maps"))) {
      Path real = wanted.toRealPath();
      maps.map(line -> line.indexOf('/') < 0 ? "" : line.substring(line.indexOf('/')))
          .filter(path -> path.substring(path.lastIndexOf('/') + 1).startsWith(prefix))
          .map(Path::of)
          .filter(loaded -> !loaded.equals(real))
          .findFirst()
          .ifPresent(
              loaded -> {
                throw new UnsupportedException(
                    failed(LOAD, wanted)
                        .because("this process has loaded %s already", loaded)
                        .advice("Use one process for each set of Ceph client libraries."));
              });
    } catch (IOException e) {
      throw new UnsupportedException(
          failed(LOAD, wanted).because("cannot tell which libraries are loaded").cause(e));
    }
  }

  @FunctionalInterface
  private interface VersionFunction {
    void call(long major, long minor, long extra);
  }
}
