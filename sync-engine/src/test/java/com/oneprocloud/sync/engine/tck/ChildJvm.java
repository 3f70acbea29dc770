// SPDX-License-Identifier: Apache-2.0
package com.oneprocloud.sync.engine.tck;

import java.io.File;
import java.net.URI;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;

/** Runs a main class of the tests in a JVM of its own, to be killed. */
public final class ChildJvm {
  private ChildJvm() {}

  /** The process, not started; its errors go where this one's go. */
  public static ProcessBuilder of(Class<?> main, String... arguments) {
    Set<String> path = new LinkedHashSet<>();
    // where the main class is: a test's folder is patched into its module and on no path
    path.add(folderOf(main));
    path.add(folderOf(ChildJvm.class));
    for (String property : new String[] {"jdk.module.path", "java.class.path"}) {
      String value = System.getProperty(property, "");
      if (!value.isEmpty()) {
        path.addAll(List.of(value.split(File.pathSeparator)));
      }
    }
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    command.addAll(List.of("-Xshare:auto", "-XX:TieredStopAtLevel=1", "-Xmx128m", "-cp"));
    command.add(String.join(File.pathSeparator, path));
    command.add(main.getName());
    command.addAll(List.of(arguments));
    return new ProcessBuilder(command).redirectError(ProcessBuilder.Redirect.INHERIT);
  }

  private static String folderOf(Class<?> type) {
    String name = type.getName().replace('.', '/') + ".class";
    String url =
        String.valueOf(type.getResource("/" + name))
            .replaceFirst("!/.*$", "")
            .replaceFirst("^jar:", "");
    Path file = Path.of(URI.create(url));
    return url.endsWith(".class")
        ? file.toString().substring(0, file.toString().length() - name.length())
        : file.toString();
  }
}
