// SPDX-License-Identifier: Apache-2.0
package dev.bowline.compat;

import static dev.bowline.compat.World.bytes;
import static dev.bowline.compat.World.get;
import static dev.bowline.compat.World.must;
import static dev.bowline.compat.World.mustFail;
import static dev.bowline.compat.World.text;

import io.etcd.jetcd.ByteSequence;
import io.etcd.jetcd.Client;
import io.etcd.jetcd.KeyValue;
import io.etcd.jetcd.Txn;
import io.etcd.jetcd.kv.GetResponse;
import io.etcd.jetcd.kv.PutResponse;
import io.etcd.jetcd.kv.TxnResponse;
import io.etcd.jetcd.op.Cmp;
import io.etcd.jetcd.op.CmpTarget;
import io.etcd.jetcd.op.Op;
import io.etcd.jetcd.options.CompactOption;
import io.etcd.jetcd.options.DeleteOption;
import io.etcd.jetcd.options.GetOption;
import io.etcd.jetcd.options.GetOption.SortOrder;
import io.etcd.jetcd.options.GetOption.SortTarget;
import io.etcd.jetcd.options.PutOption;
import io.etcd.jetcd.options.TxnOption;
import java.util.List;
import java.util.stream.IntStream;

final class Keys {
  private Keys() {}

  static void putsAndGets(World w) throws Exception {
    ByteSequence key = bytes("jv/put");
    PutResponse first = get(w.kv.put(key, bytes("1")));
    PutResponse second =
        get(w.kv.put(key, bytes("2"), PutOption.builder().withPrevKV().withAutoRetry().build()));
    must("the value before", second.hasPrevKv() && text(second.getPrevKv().getValue()).equals("1"));
    KeyValue now = get(w.kv.get(key)).getKvs().get(0);
    long revision = first.getHeader().getRevision();
    must("counted", now.getVersion() == 2 && now.getCreateRevision() == revision);
    must("header", first.getHeader().getClusterId() != 0 && first.getHeader().getRaftTerm() > 0);
    GetResponse old = get(w.kv.get(key, GetOption.builder().withRevision(revision).build()));
    must("an old value", text(old.getKvs().get(0).getValue()).equals("1"));
    GetOption future = GetOption.builder().withRevision(revision + 1_000_000).build();
    mustFail("mvcc: required revision is a future revision", w.kv.get(key, future));
    mustFail("key is not provided", w.kv.put(ByteSequence.EMPTY, bytes("x")));
  }

  private static GetOption.Builder prefix() {
    return GetOption.builder().isPrefix(true);
  }

  static void ranges(World w) throws Exception {
    ByteSequence all = bytes("jvr/");
    long middle = 0;
    for (String pair : List.of("a3", "b1", "c2")) {
      PutResponse put = get(w.kv.put(bytes("jvr/" + pair.charAt(0)), bytes(pair.substring(1))));
      if (pair.equals("b1")) middle = put.getHeader().getRevision();
    }
    GetResponse some = get(w.kv.get(all, prefix().withLimit(2).build()));
    must("two of three", some.getKvs().size() == 2 && some.isMore() && some.getCount() == 3);
    GetOption byValue =
        prefix().withSortField(SortTarget.VALUE).withSortOrder(SortOrder.DESCEND).build();
    must("by value", text(get(w.kv.get(all, byValue)).getKvs().get(0).getKey()).equals("jvr/a"));
    GetResponse count = get(w.kv.get(all, prefix().withCountOnly(true).build()));
    must("a count", count.getCount() == 3 && count.getKvs().isEmpty());
    GetOption keys = prefix().withKeysOnly(true).withSerializable(true).build();
    must("keys only", get(w.kv.get(all, keys)).getKvs().get(0).getValue().isEmpty());
    GetOption half = GetOption.builder().withRange(bytes("jvr/c")).build();
    must("half open", get(w.kv.get(bytes("jvr/b"), half)).getCount() == 1);
    GetOption later = prefix().withMinModRevision(middle + 1).withMinCreateRevision(middle).build();
    must("later", get(w.kv.get(all, later)).getKvs().size() == 1);
    GetOption earlier = prefix().withMaxModRevision(middle).withMaxCreateRevision(middle).build();
    must("earlier", get(w.kv.get(all, earlier)).getKvs().size() == 2);
  }

  static void deletes(World w) throws Exception {
    for (String key : List.of("a", "b", "c", "d")) get(w.kv.put(bytes("jvd/" + key), bytes(key)));
    DeleteOption before = DeleteOption.builder().withPrevKV(true).withAutoRetry().build();
    var one = get(w.kv.delete(bytes("jvd/a"), before));
    must("one", one.getDeleted() == 1 && text(one.getPrevKvs().get(0).getValue()).equals("a"));
    must("none", get(w.kv.delete(bytes("jvd/a"))).getDeleted() == 0);
    DeleteOption range = DeleteOption.builder().withRange(bytes("jvd/c")).build();
    must("a range", get(w.kv.delete(bytes("jvd/b"), range)).getDeleted() == 1);
    DeleteOption rest = DeleteOption.builder().isPrefix(true).build();
    must("a prefix", get(w.kv.delete(bytes("jvd/"), rest)).getDeleted() == 2);
  }

  private static Txn make(World w, ByteSequence key, String value) {
    Cmp equal = new Cmp(key, Cmp.Op.EQUAL, CmpTarget.value(bytes("1")));
    Op nested =
        Op.txn(
            new Cmp[] {equal},
            new Op[] {Op.put(bytes("jvt/b"), bytes("nested"), PutOption.DEFAULT)},
            new Op[0]);
    return w.kv
        .txn()
        .If(new Cmp(key, Cmp.Op.EQUAL, CmpTarget.createRevision(0)))
        .Then(Op.put(key, bytes(value), PutOption.DEFAULT))
        .Else(Op.get(key, GetOption.DEFAULT), nested);
  }

  static void transactions(World w) throws Exception {
    ByteSequence key = bytes("jvt/a");
    must("made", get(make(w, key, "1").commit()).isSucceeded());
    TxnResponse again = get(make(w, key, "2").commit());
    must("not made again", !again.isSucceeded());
    must("read", text(again.getGetResponses().get(0).getKvs().get(0).getValue()).equals("1"));
    must("nested", again.getTxnResponses().get(0).isSucceeded());
    Cmp[] all = {
      new Cmp(key, Cmp.Op.GREATER, CmpTarget.modRevision(0)),
      new Cmp(key, Cmp.Op.LESS, CmpTarget.version(2)),
      new Cmp(key, Cmp.Op.NOT_EQUAL, CmpTarget.value(bytes("2")))
    };
    TxnOption retried = TxnOption.builder().withAutoRetry().build();
    Op delete = Op.delete(key, DeleteOption.DEFAULT);
    TxnResponse last = get(w.kv.txn(retried).If(all).Then(delete).commit());
    must("deleted", last.isSucceeded() && last.getDeleteResponses().get(0).getDeleted() == 1);
    Op put = Op.put(key, bytes("1"), PutOption.DEFAULT);
    mustFail("duplicate key given in txn request", w.kv.txn().Then(put, put).commit());
    Op[] many =
        IntStream.range(0, 129).mapToObj(i -> Op.get(key, GetOption.DEFAULT)).toArray(Op[]::new);
    mustFail("too many operations in txn request", w.kv.txn().Then(many).commit());
  }

  static void aNamespace(World w) throws Exception {
    try (Client own = Client.builder().endpoints(w.urls).namespace(bytes("jvn/")).build()) {
      get(own.getKVClient().put(bytes("a"), bytes("1")));
      must("below", get(w.kv.get(bytes("jvn/a"))).getCount() == 1);
      must("within", text(get(own.getKVClient().get(bytes("a"))).getKvs().get(0).getKey()).equals("a"));
    }
  }

  static void compaction(World w) throws Exception {
    long first = get(w.kv.put(bytes("jvc"), bytes("1"))).getHeader().getRevision();
    long second = get(w.kv.put(bytes("jvc"), bytes("2"))).getHeader().getRevision();
    get(w.kv.compact(second, CompactOption.builder().withCompactPhysical(true).build()));
    mustFail("mvcc: required revision has been compacted", w.kv.compact(second));
    GetOption old = GetOption.builder().withRevision(first).build();
    mustFail("mvcc: required revision has been compacted", w.kv.get(bytes("jvc"), old));
  }
}
