// SPDX-License-Identifier: Apache-2.0
package com.oneprocloud.sync.benchmarks;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;

import java.io.IOException;
import java.lang.module.ModuleDescriptor.Exports;
import java.lang.module.ModuleReader;
import java.lang.module.ResolvedModule;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Supplier;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.openjdk.jmh.infra.Blackhole;

/**
 * What an embedder can see is made of the JDK, JSpecify and the exported packages of the SDK: no
 * type of JNA, OkHttp or Jackson, and none of an internal package. Micrometer's are seen in the
 * package for those who use it, and nowhere else.
 */
class PublicSignaturesTest {
  private static final String SDK = "com.oneprocloud.sync.";
  private static final String METRICS = SDK + "engine.micrometer";

  @ParameterizedTest
  @ValueSource(strings = {"api", "ceph", "engine", "openstack"})
  void exportedPackagesShowOnlyTypesOfTheSdkAndTheJdk(String name) throws IOException {
    Module module = ModuleLayer.boot().findModule(SDK + name).orElseThrow();
    List<Class<?>> classes = exportedClasses(module);
    assertFalse(classes.isEmpty(), () -> module + " exports no class");

    PublicSignatures signatures = new PublicSignatures(PublicSignaturesTest::mayBeSeen);
    PublicSignatures metrics =
        new PublicSignatures(it -> mayBeSeen(it) || isOf("micrometer.core", it));
    classes.forEach(it -> (it.getPackageName().equals(METRICS) ? metrics : signatures).inspect(it));

    assertEquals(Set.of(), signatures.leaks());
    assertEquals(Set.of(), metrics.leaks());
  }

  @Test
  void aForeignTypeIsFoundWhereverItHides() {
    PublicSignatures signatures = new PublicSignatures(PublicSignaturesTest::mayBeSeen);
    signatures.inspect(Leaky.class);

    String leaky = Leaky.class.getName();
    String foreign = " -> " + Blackhole.class.getName();
    assertEquals(
        Set.of(
            leaky + foreign,
            leaky + ".field" + foreign,
            leaky + ".result" + foreign,
            leaky + ".bound" + foreign,
            leaky + ".parameter" + foreign),
        signatures.leaks());
  }

  private static boolean mayBeSeen(Class<?> type) {
    Module module = type.getModule();
    String name = module.getName();
    if (name == null) {
      return false;
    }
    return name.startsWith("java.")
        || name.equals("org.jspecify")
        || (name.startsWith(SDK) && module.isExported(type.getPackageName()));
  }

  private static boolean isOf(String module, Class<?> type) {
    return module.equals(type.getModule().getName());
  }

  private static List<Class<?>> exportedClasses(Module module) throws IOException {
    Set<String> exported =
        module.getDescriptor().exports().stream()
            .filter(exports -> !exports.isQualified())
            .map(Exports::source)
            .collect(Collectors.toSet());
    ResolvedModule resolved =
        ModuleLayer.boot().configuration().findModule(module.getName()).orElseThrow();
    List<Class<?>> classes = new ArrayList<>();
    try (ModuleReader reader = resolved.reference().open();
        Stream<String> resources = reader.list()) {
      resources
          .filter(resource -> resource.endsWith(".class"))
          .map(resource -> resource.substring(0, resource.length() - 6).replace('/', '.'))
          .filter(type -> exported.contains(type.substring(0, Math.max(0, type.lastIndexOf('.')))))
          .map(type -> Class.forName(module, type))
          .filter(PublicSignaturesTest::isVisible)
          .forEach(classes::add);
    }
    return classes;
  }

  private static boolean isVisible(Class<?> type) {
    for (Class<?> c = type; c != null; c = c.getEnclosingClass()) {
      if (!PublicSignatures.isVisible(c.getModifiers()) || c.isSynthetic()) {
        return false;
      }
    }
    return true;
  }

  /** Shows one foreign type in every kind of place. */
  @SuppressWarnings("unused")
  public abstract static class Leaky implements Supplier<Blackhole[]> {
    /** As the type of a field. */
    protected Map<String, ? super Blackhole> field = Map.of();

    private Blackhole hidden;

    /** As a result. */
    public abstract List<? extends Blackhole> result();

    /** As a bound. */
    public abstract <T extends Blackhole> void bound(T value);

    /** As a parameter. */
    protected abstract void parameter(Blackhole value);

    abstract void hidden(Blackhole value);
  }
}
