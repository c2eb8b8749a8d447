// SPDX-License-Identifier: Apache-2.0
package dev.bowline.compat;

import io.etcd.jetcd.Auth;
import io.etcd.jetcd.ByteSequence;
import io.etcd.jetcd.Client;
import io.etcd.jetcd.Cluster;
import io.etcd.jetcd.Election;
import io.etcd.jetcd.KV;
import io.etcd.jetcd.Lease;
import io.etcd.jetcd.Lock;
import io.etcd.jetcd.Maintenance;
import io.etcd.jetcd.Watch;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.lang.reflect.Modifier;
import java.lang.reflect.Proxy;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentSkipListMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;

/** The members and the clients; it counts which methods of jetcd's interfaces were called. */
final class World {
  final String[] urls;
  final String member;
  final Client client;
  final KV kv;
  final Lease lease;
  final Watch watch;
  final Cluster cluster;
  final Maintenance maintenance;
  final Lock lock;
  final Election election;
  final Auth auth;
  private final Map<String, Integer> calls = new ConcurrentSkipListMap<>();

  World(String[] urls, String member) {
    this.urls = urls;
    this.member = member;
    client = connect(urls);
    kv = counted(KV.class, client.getKVClient());
    lease = counted(Lease.class, client.getLeaseClient());
    watch = counted(Watch.class, client.getWatchClient());
    cluster = counted(Cluster.class, client.getClusterClient());
    maintenance = counted(Maintenance.class, client.getMaintenanceClient());
    lock = counted(Lock.class, client.getLockClient());
    election = counted(Election.class, client.getElectionClient());
    auth = counted(Auth.class, client.getAuthClient());
  }

  static Client connect(String... urls) {
    return Client.builder()
        .endpoints(urls)
        .waitForReady(false)
        .connectTimeout(Duration.ofSeconds(5))
        .keepaliveTime(Duration.ofSeconds(5))
        .keepaliveTimeout(Duration.ofSeconds(3))
        .build();
  }

  private <T> T counted(Class<T> type, T inner) {
    for (Method one : type.getDeclaredMethods())
      if (!Modifier.isStatic(one.getModifiers()) && !one.isDefault()) calls.put(name(type, one), 0);
    Object proxy =
        Proxy.newProxyInstance(
            type.getClassLoader(),
            new Class<?>[] {type},
            (self, method, arguments) -> {
              calls.computeIfPresent(name(type, method), (key, count) -> count + 1);
              try {
                return method.invoke(inner, arguments);
              } catch (InvocationTargetException error) {
                throw error.getCause();
              }
            });
    return type.cast(proxy);
  }

  private static String name(Class<?> type, Method method) {
    return type.getSimpleName() + "." + method.getName() + "/" + method.getParameterCount();
  }

  List<String> neverCalled() {
    List<String> none = new ArrayList<>();
    calls.forEach((name, count) -> { if (count == 0) none.add(name); });
    return none;
  }

  static ByteSequence bytes(String text) {
    return ByteSequence.from(text, StandardCharsets.UTF_8);
  }

  static String text(ByteSequence bytes) {
    return bytes.toString(StandardCharsets.UTF_8);
  }

  static <T> T get(CompletableFuture<T> future) throws Exception {
    return future.get(30, TimeUnit.SECONDS);
  }

  static void must(String what, boolean holds) {
    if (!holds) throw new AssertionError(what);
  }

  static void mustFail(String text, CompletableFuture<?> future) throws Exception {
    try {
      get(future);
    } catch (ExecutionException error) {
      for (Throwable one = error; one != null; one = one.getCause())
        if (String.valueOf(one.getMessage()).contains(text)) return;
      throw new AssertionError(error + ", instead of '" + text + "'");
    }
    throw new AssertionError("no error, instead of '" + text + "'");
  }
}
