// SPDX-License-Identifier: Apache-2.0
package dev.bowline.compat;

import static dev.bowline.compat.World.bytes;
import static dev.bowline.compat.World.get;
import static dev.bowline.compat.World.must;
import static dev.bowline.compat.World.mustFail;

import io.etcd.jetcd.Client;
import io.etcd.jetcd.cluster.Member;
import io.etcd.jetcd.maintenance.AlarmMember;
import io.etcd.jetcd.maintenance.AlarmType;
import io.etcd.jetcd.maintenance.SnapshotResponse;
import io.etcd.jetcd.maintenance.StatusResponse;
import io.grpc.stub.StreamObserver;
import java.io.ByteArrayOutputStream;
import java.net.URI;
import java.security.MessageDigest;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;

final class Members {
  private Members() {}

  static void members(World w) throws Exception {
    Set<String> names = new HashSet<>();
    for (Member one : get(w.cluster.listMember()).getMembers()) names.add(one.getName());
    must("their names", names.equals(Set.of("n0", "n1", "n2")));
    List<URI> nowhere = List.of(URI.create("http://127.0.0.1:1"));
    var added = get(w.cluster.addMember(nowhere, true));
    must("four", added.getMembers().size() == 4 && added.getMember().isLearner());
    long id = added.getMember().getId();
    get(w.cluster.updateMember(id, List.of(URI.create("http://127.0.0.1:2"))));
    must("three", get(w.cluster.removeMember(id)).getMembers().size() == 3);
    mustFail("member not found", w.cluster.removeMember(77));
    List<URI> known = get(w.cluster.listMember()).getMembers().get(0).getPeerURIs();
    mustFail("Peer URLs already exists", w.cluster.addMember(known)); // a voter
  }

  static void maintenance(World w) throws Exception {
    long revision = get(w.kv.put(bytes("jvm"), bytes("1"))).getHeader().getRevision();
    Set<Integer> hashes = new HashSet<>();
    int leaders = 0;
    for (String url : w.urls) {
      try (Client one = World.connect(url)) {
        get(one.getKVClient().get(bytes("jvm"))); // it has come that far
      }
      StatusResponse status = get(w.maintenance.statusMember(url));
      must("3.5", status.getVersion().startsWith("3.5."));
      must("numbers", status.getDbSize() > 0 && status.getRaftIndex() > 0);
      if (status.getLeader() == status.getHeader().getMemberId()) leaders++;
      get(w.maintenance.defragmentMember(url));
      hashes.add(get(w.maintenance.hashKV(url, revision)).getHash());
    }
    must("one leads", leaders == 1);
    must("equal among members", hashes.size() == 1);
  }

  private static void check(byte[] snapshot) throws Exception {
    int length = snapshot.length - 32;
    MessageDigest sum = MessageDigest.getInstance("SHA-256");
    sum.update(snapshot, 0, length);
    must("its sum", Arrays.equals(sum.digest(), Arrays.copyOfRange(snapshot, length, snapshot.length)));
  }

  private static final class Parts implements StreamObserver<SnapshotResponse> {
    final ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    final CompletableFuture<Void> done = new CompletableFuture<>();

    @Override
    public void onNext(SnapshotResponse part) {
      bytes.writeBytes(part.getBlob().toByteArray());
    }

    @Override
    public void onError(Throwable error) {
      done.completeExceptionally(error);
    }

    @Override
    public void onCompleted() {
      done.complete(null);
    }
  }

  static void snapshots(World w) throws Exception {
    ByteArrayOutputStream file = new ByteArrayOutputStream();
    must("its size", get(w.maintenance.snapshot(file)) == file.size());
    check(file.toByteArray());
    Parts parts = new Parts();
    w.maintenance.snapshot(parts);
    get(parts.done);
    check(parts.bytes.toByteArray());
  }

  static void alarms(World w) throws Exception {
    must("none", get(w.maintenance.listAlarms()).getAlarms().isEmpty());
    // It can only take an alarm back: of one that is not raised nothing is left.
    long id = get(w.cluster.listMember()).getMembers().get(0).getId();
    get(w.maintenance.alarmDisarm(new AlarmMember(id, AlarmType.NOSPACE)));
  }

  /** It ends with the third, which is the one that is killed. */
  static void theLeadershipMoves(World w) throws Exception {
    long[] ids = new long[3];
    int at = 0;
    for (int i = 0; i < 3; i++) {
      StatusResponse status = get(w.maintenance.statusMember(w.urls[i]));
      ids[i] = status.getHeader().getMemberId();
      if (status.getLeader() == ids[i]) at = i;
    }
    for (int to : at == 2 ? new int[] {0, 2} : new int[] {2}) {
      try (Client leader = World.connect(w.urls[at])) {
        get(leader.getMaintenanceClient().moveLeader(ids[to]));
      }
      must("it leads", get(w.maintenance.statusMember(w.urls[to])).getLeader() == ids[to]);
      at = to;
    }
    // Whoever does not lead refuses; the client of all asks any of them.
    try {
      get(w.maintenance.moveLeader(ids[2]));
    } catch (java.util.concurrent.ExecutionException refused) {
      must("not leader", refused.getMessage().contains("not leader"));
    }
  }
}
