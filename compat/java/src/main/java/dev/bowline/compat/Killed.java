// SPDX-License-Identifier: Apache-2.0
package dev.bowline.compat;

import static dev.bowline.compat.World.bytes;
import static dev.bowline.compat.World.get;
import static dev.bowline.compat.World.must;
import static dev.bowline.compat.World.text;

import io.etcd.jetcd.Client;
import io.etcd.jetcd.Watch.Watcher;
import io.etcd.jetcd.options.GetOption;
import io.etcd.jetcd.options.WatchOption;
import io.etcd.jetcd.watch.WatchEvent;
import java.util.TreeSet;
import java.util.concurrent.TimeUnit;

final class Killed {
  private static final int PUTS = 300;

  private Killed() {}

  private static void tell(World w, String what) throws Exception {
    Process process = new ProcessBuilder(w.member, what, "2").inheritIO().start();
    must(what, process.waitFor() == 0);
  }

  interface Deed {
    void run() throws Exception;
  }

  /** What may have been done is done again: it writes the same. */
  private static void insist(Deed deed) throws Exception {
    for (int left = 200; ; left--) {
      try {
        deed.run();
        return;
      } catch (Exception error) {
        if (left == 0) throw error;
        Thread.sleep(50);
      }
    }
  }

  private static void isBack(World w) throws Exception {
    GetOption all = GetOption.builder().isPrefix(true).withCountOnly(true).build();
    try (Client third = World.connect(w.urls[2])) {
      insist(
          () -> {
            var said = third.getKVClient().get(bytes("jvk/"), all).get(5, TimeUnit.SECONDS);
            must("it has all", said.getCount() == PUTS);
          });
    }
  }

  /** Writes go on, a watch misses nothing, and a lease lives on. */
  static void theLeaderIsKilled(World w) throws Exception {
    long lease = get(w.lease.grant(10)).getID();
    get(w.kv.put(bytes("jvk-leased"), bytes("1"), Leases.with(lease)));
    Watches.Told told = new Watches.Told();
    long now = get(w.kv.get(bytes("jvk/"))).getHeader().getRevision();
    WatchOption option = WatchOption.builder().isPrefix(true).withRevision(now + 1).build();
    try (Watcher watcher = w.watch.watch(bytes("jvk/"), option, told.listener())) {
      for (int i = 0; i < PUTS; i++) {
        if (i == PUTS / 3) tell(w, "kill");
        var key = bytes(String.format("jvk/%03d", i));
        insist(() -> w.kv.put(key, bytes("1")).get(5, TimeUnit.SECONDS));
      }
      TreeSet<String> seen = new TreeSet<>();
      while (seen.size() < PUTS)
        for (WatchEvent event : told.nextThatComesThrough().getEvents()) {
          String key = text(event.getKeyValue().getKey());
          must("in order", seen.isEmpty() || seen.last().compareTo(key) <= 0);
          seen.add(key);
        }
    }
    tell(w, "start");
    isBack(w);
    must("the lease is there", get(w.kv.get(bytes("jvk-leased"))).getCount() == 1);
    get(w.lease.revoke(lease));
  }
}
