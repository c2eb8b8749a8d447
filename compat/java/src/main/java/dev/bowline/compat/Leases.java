// SPDX-License-Identifier: Apache-2.0
package dev.bowline.compat;

import static dev.bowline.compat.World.bytes;
import static dev.bowline.compat.World.get;
import static dev.bowline.compat.World.must;
import static dev.bowline.compat.World.mustFail;
import static dev.bowline.compat.World.text;

import io.etcd.jetcd.Watch.Watcher;
import io.etcd.jetcd.lease.LeaseKeepAliveResponse;
import io.etcd.jetcd.options.LeaseOption;
import io.etcd.jetcd.options.PutOption;
import io.etcd.jetcd.options.WatchOption;
import io.grpc.stub.StreamObserver;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;

final class Leases {
  private Leases() {}

  static PutOption with(long lease) {
    return PutOption.builder().withLeaseId(lease).build();
  }

  static void leases(World w) throws Exception {
    long lease = get(w.lease.grant(60, 5, TimeUnit.SECONDS)).getID();
    get(w.kv.put(bytes("jvl/a"), bytes("1"), with(lease)));
    must("it has it", get(w.kv.get(bytes("jvl/a"))).getKvs().get(0).getLease() == lease);
    must("kept alive", get(w.lease.keepAliveOnce(lease)).getTTL() == 60);
    LeaseOption keys = LeaseOption.builder().withAttachedKeys().build();
    var left = get(w.lease.timeToLive(lease, keys));
    must("what is left", left.getGrantedTTL() == 60 && left.getTTL() > 50);
    must("its keys", text(left.getKeys().get(0)).equals("jvl/a"));
    get(w.lease.revoke(lease));
    must("its key is gone", get(w.kv.get(bytes("jvl/a"))).getCount() == 0);
    mustFail("requested lease not found", w.lease.revoke(lease));
    mustFail("requested lease not found", w.kv.put(bytes("jvl/a"), bytes("1"), with(lease)));
    must("of none", get(w.lease.timeToLive(lease, LeaseOption.DEFAULT)).getTTL() == -1);
  }

  private static final class Kept implements StreamObserver<LeaseKeepAliveResponse> {
    final CountDownLatch times = new CountDownLatch(4);

    @Override
    public void onNext(LeaseKeepAliveResponse response) {
      times.countDown();
    }

    @Override
    public void onError(Throwable error) {}

    @Override
    public void onCompleted() {}
  }

  static void aLeaseIsKeptAlive(World w) throws Exception {
    long lease = get(w.lease.grant(2)).getID();
    get(w.kv.put(bytes("jvl/kept"), bytes("1"), with(lease)));
    CountDownLatch gone = new CountDownLatch(1);
    WatchOption deletes = WatchOption.builder().withNoPut(true).build();
    try (Watcher watcher = w.watch.watch(bytes("jvl/kept"), deletes, said -> gone.countDown())) {
      Kept kept = new Kept();
      try (var keeper = w.lease.keepAlive(lease, kept)) {
        must("four times", kept.times.await(30, TimeUnit.SECONDS));
        must("it is there", get(w.kv.get(bytes("jvl/kept"))).getCount() == 1);
      }
      must("then it ends", gone.await(30, TimeUnit.SECONDS));
    }
  }
}
