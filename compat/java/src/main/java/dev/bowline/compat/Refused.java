// SPDX-License-Identifier: Apache-2.0
package dev.bowline.compat;

import static dev.bowline.compat.World.bytes;
import static dev.bowline.compat.World.get;
import static dev.bowline.compat.World.must;
import static dev.bowline.compat.World.mustFail;

import io.etcd.jetcd.ByteSequence;
import io.etcd.jetcd.Election;
import io.etcd.jetcd.auth.Permission;
import io.etcd.jetcd.election.LeaderKey;
import io.etcd.jetcd.election.LeaderResponse;
import java.util.concurrent.CompletableFuture;

/** What Bowline does not serve yet has to be refused in a sentence of its own. */
final class Refused {
  private static final String USERS = "users and roles are not served yet";

  private Refused() {}

  static void auth(World w) throws Exception {
    ByteSequence a = bytes("a");
    mustFail(USERS, w.auth.authEnable());
    mustFail(USERS, w.auth.authDisable());
    mustFail(USERS, w.auth.userAdd(a, a));
    mustFail(USERS, w.auth.userDelete(a));
    mustFail(USERS, w.auth.userChangePassword(a, a));
    mustFail(USERS, w.auth.userGet(a));
    mustFail(USERS, w.auth.userList());
    mustFail(USERS, w.auth.userGrantRole(a, a));
    mustFail(USERS, w.auth.userRevokeRole(a, a));
    mustFail(USERS, w.auth.roleAdd(a));
    mustFail(USERS, w.auth.roleGrantPermission(a, a, a, Permission.Type.READ));
    mustFail(USERS, w.auth.roleGet(a));
    mustFail(USERS, w.auth.roleList());
    mustFail(USERS, w.auth.roleRevokePermission(a, a, a));
    mustFail(USERS, w.auth.roleDelete(a));
  }

  private static final class Heard implements Election.Listener {
    final CompletableFuture<Void> end = new CompletableFuture<>();

    @Override
    public void onNext(LeaderResponse response) {}

    @Override
    public void onError(Throwable error) {
      end.completeExceptionally(error);
    }

    @Override
    public void onCompleted() {
      end.complete(null);
    }
  }

  static void coordination(World w) throws Exception {
    ByteSequence name = bytes("jv");
    long lease = get(w.lease.grant(60)).getID();
    mustFail("locks are not served yet", w.lock.lock(name, lease));
    mustFail("locks are not served yet", w.lock.unlock(name));
    String elections = "elections are not served yet";
    mustFail(elections, w.election.campaign(name, lease, name));
    mustFail(elections, w.election.leader(name));
    LeaderKey key = new LeaderKey(name, name, 1, lease);
    mustFail(elections, w.election.proclaim(key, name));
    mustFail(elections, w.election.resign(key));
    Heard heard = new Heard();
    w.election.observe(name, heard);
    mustFail(elections, heard.end);
    must("revoked", get(w.lease.revoke(lease)) != null);
  }
}
