// SPDX-License-Identifier: Apache-2.0
package dev.bowline.compat;

import static dev.bowline.compat.World.bytes;
import static dev.bowline.compat.World.get;
import static dev.bowline.compat.World.must;
import static dev.bowline.compat.World.text;

import io.etcd.jetcd.Watch;
import io.etcd.jetcd.Watch.Watcher;
import io.etcd.jetcd.common.exception.CompactedException;
import io.etcd.jetcd.options.WatchOption;
import io.etcd.jetcd.watch.WatchEvent;
import io.etcd.jetcd.watch.WatchEvent.EventType;
import io.etcd.jetcd.watch.WatchResponse;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;

final class Watches {
  private Watches() {}

  /** What a watch was told, for the thread of the test. */
  static final class Told {
    final BlockingQueue<Object> queue = new LinkedBlockingQueue<>();

    Watch.Listener listener() {
      return Watch.listener(queue::add, queue::add, () -> queue.add("completed"));
    }

    WatchResponse next() throws Exception {
      Object one = queue.poll(30, TimeUnit.SECONDS);
      if (one instanceof WatchResponse response) return response;
      throw new AssertionError("instead of a response: " + one);
    }

    /** Without errors: jetcd tells of a lost connection, and goes on with another one. */
    WatchResponse nextThatComesThrough() throws Exception {
      for (; ; ) {
        Object one = queue.poll(30, TimeUnit.SECONDS);
        if (one instanceof WatchResponse response) return response;
        must("the watch ended: " + one, one instanceof Throwable);
      }
    }

    List<WatchEvent> events(int count) throws Exception {
      List<WatchEvent> events = new ArrayList<>();
      while (events.size() < count) events.addAll(next().getEvents());
      return events;
    }
  }

  static void watches(World w) throws Exception {
    Told told = new Told();
    WatchOption option =
        WatchOption.builder()
            .isPrefix(true)
            .withPrevKV(true)
            .withCreateNotify(true)
            .withRequireLeader(true)
            .build();
    Watcher watcher = w.watch.watch(bytes("jvw/"), option, told.listener());
    must("there", told.next().isCreatedNotify());
    get(w.kv.put(bytes("jvw/a"), bytes("1")));
    get(w.kv.put(bytes("jvw/a"), bytes("2")));
    get(w.kv.delete(bytes("jvw/a")));
    List<WatchEvent> events = told.events(3);
    must("put", events.get(0).getEventType() == EventType.PUT);
    must("put again", text(events.get(1).getPrevKV().getValue()).equals("1"));
    must("deleted", events.get(2).getEventType() == EventType.DELETE);
    must("what it was", text(events.get(2).getPrevKV().getValue()).equals("2"));
    watcher.close();
    must("closed", watcher.isClosed());
  }

  static void thePast(World w) throws Exception {
    long begin = get(w.kv.put(bytes("jvp"), bytes("0"))).getHeader().getRevision();
    for (int i = 1; i < 300; i++) get(w.kv.put(bytes("jvp"), bytes("" + i)));
    Told told = new Told();
    WatchOption option = WatchOption.builder().withRevision(begin).build();
    try (Watcher watcher = w.watch.watch(bytes("jvp"), option, told.listener())) {
      int seen = 0;
      for (WatchEvent event : told.events(300))
        must("each once, in order", text(event.getKeyValue().getValue()).equals("" + seen++));
    }
  }

  static void filters(World w) throws Exception {
    Told puts = new Told();
    Told deletes = new Told();
    long now = get(w.kv.put(bytes("jvf"), bytes("0"))).getHeader().getRevision() + 1;
    WatchOption.Builder all =
        WatchOption.builder().withRevision(now).withRange(bytes("jvg")).withProgressNotify(true);
    try (Watcher one = w.watch.watch(bytes("jvf"), all.withNoDelete(true).build(), puts.listener());
        Watcher other =
            w.watch.watch(
                bytes("jvf"),
                WatchOption.builder().withRevision(now).withNoPut(true).build(),
                deletes.listener())) {
      get(w.kv.put(bytes("jvf"), bytes("1")));
      get(w.kv.delete(bytes("jvf")));
      get(w.kv.put(bytes("jvf"), bytes("2")));
      for (WatchEvent event : puts.events(2)) must("a put", event.getEventType() == EventType.PUT);
      must("the deletion", deletes.events(1).get(0).getEventType() == EventType.DELETE);
    }
  }

  static void progress(World w) throws Exception {
    Told told = new Told();
    WatchOption option = WatchOption.builder().withCreateNotify(true).build();
    try (Watcher watcher = w.watch.watch(bytes("silent"), option, told.listener())) {
      must("there", told.next().isCreatedNotify());
      long wanted = get(w.kv.put(bytes("loud"), bytes("1"))).getHeader().getRevision();
      watcher.requestProgress();
      WatchResponse said = told.next();
      must("progress", said.isProgressNotify());
      do {
        w.watch.requestProgress(); // of all watches of the client
        said = told.next();
      } while (said.getHeader().getRevision() < wanted);
    }
  }

  static void compacted(World w) throws Exception {
    long old = get(w.kv.put(bytes("jvz"), bytes("1"))).getHeader().getRevision();
    long now = get(w.kv.put(bytes("jvz"), bytes("2"))).getHeader().getRevision();
    get(w.kv.compact(now));
    Told told = new Told();
    WatchOption option = WatchOption.builder().withRevision(old).build();
    try (Watcher watcher = w.watch.watch(bytes("jvz"), option, told.listener())) {
      Object said = told.queue.poll(30, TimeUnit.SECONDS);
      must("an error of its own: " + said, said instanceof CompactedException);
      must("up to where", ((CompactedException) said).getCompactedRevision() == now);
    }
  }
}
