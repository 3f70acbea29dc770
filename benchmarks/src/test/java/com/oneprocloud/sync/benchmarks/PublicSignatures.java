// SPDX-License-Identifier: Apache-2.0
package com.oneprocloud.sync.benchmarks;

import java.lang.annotation.Annotation;
import java.lang.reflect.AnnotatedElement;
import java.lang.reflect.Executable;
import java.lang.reflect.Field;
import java.lang.reflect.GenericArrayType;
import java.lang.reflect.Method;
import java.lang.reflect.Modifier;
import java.lang.reflect.ParameterizedType;
import java.lang.reflect.Type;
import java.lang.reflect.TypeVariable;
import java.lang.reflect.WildcardType;
import java.util.HashSet;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.Predicate;

/** Collects the types that an embedder meets in a class's public and protected signatures. */
final class PublicSignatures {
  private final Predicate<Class<?>> allowed;
  private final Set<String> leaks = new TreeSet<>();

  PublicSignatures(Predicate<Class<?>> allowed) {
    this.allowed = allowed;
  }

  /** Where a type that is not allowed shows, as {@code place -> type}. */
  Set<String> leaks() {
    return leaks;
  }

  void inspect(Class<?> type) {
    String place = type.getName();
    check(place, type.getGenericSuperclass());
    check(place, type.getGenericInterfaces());
    checkVariables(place, type.getTypeParameters());
    checkAnnotations(place, type);
    for (Field field : type.getDeclaredFields()) {
      if (isVisible(field.getModifiers())) {
        check(place + "." + field.getName(), field.getGenericType());
        checkAnnotations(place + "." + field.getName(), field);
      }
    }
    for (Method method : type.getDeclaredMethods()) {
      if (isVisible(method.getModifiers()) && !method.isSynthetic()) {
        inspect(place, method);
        check(place + "." + method.getName(), method.getGenericReturnType());
      }
    }
    for (Executable constructor : type.getDeclaredConstructors()) {
      if (isVisible(constructor.getModifiers()) && !constructor.isSynthetic()) {
        inspect(place, constructor);
      }
    }
  }

  private void inspect(String type, Executable executable) {
    String place = type + "." + executable.getName();
    check(place, executable.getGenericParameterTypes());
    check(place, executable.getGenericExceptionTypes());
    checkVariables(place, executable.getTypeParameters());
    checkAnnotations(place, executable);
  }

  static boolean isVisible(int modifiers) {
    return Modifier.isPublic(modifiers) || Modifier.isProtected(modifiers);
  }

  private void checkVariables(String place, TypeVariable<?>[] variables) {
    for (TypeVariable<?> variable : variables) {
      check(place, variable.getBounds());
    }
  }

  private void checkAnnotations(String place, AnnotatedElement element) {
    for (Annotation annotation : element.getAnnotations()) {
      check(place, annotation.annotationType());
    }
  }

  private void check(String place, Type... types) {
    Set<Type> seen = new HashSet<>();
    for (Type type : types) {
      check(place, type, seen);
    }
  }

  private void check(String place, Type type, Set<Type> seen) {
    if (type == null || !seen.add(type)) {
      return;
    }
    if (type instanceof Class<?> c) {
      Class<?> element = c;
      while (element.isArray()) {
        element = element.getComponentType();
      }
      if (!element.isPrimitive() && !allowed.test(element)) {
        leaks.add(place + " -> " + element.getName());
      }
    } else if (type instanceof ParameterizedType p) {
      check(place, p.getRawType(), seen);
      for (Type argument : p.getActualTypeArguments()) {
        check(place, argument, seen);
      }
    } else if (type instanceof GenericArrayType a) {
      check(place, a.getGenericComponentType(), seen);
    } else if (type instanceof WildcardType w) {
      for (Type bound : w.getUpperBounds()) {
        check(place, bound, seen);
      }
      for (Type bound : w.getLowerBounds()) {
        check(place, bound, seen);
      }
    }
    // A type variable is checked where it is declared.
  }
}
