// SPDX-License-Identifier: Apache-2.0

use etcd_client::{
    CompactionOptions, Compare, CompareOp, DeleteOptions, GetOptions, KvClientPrefix, PutOptions, SortOrder,
    SortTarget, Txn, TxnOp, TxnOpResponse,
};

use crate::{must, must_fail, Check, World};

pub async fn puts_and_gets(w: World) -> Check {
    let mut c = w.client;
    let first = c.put("r/put", "1", None).await?.header().ok_or("no header")?.revision();
    let second = c.put("r/put", "2", Some(PutOptions::new().with_prev_key())).await?;
    must("the value before", second.prev_key().map(|kv| kv.value()) == Some(b"1"))?;
    c.put("r/put", "", Some(PutOptions::new().with_ignore_value())).await?;
    let now = c.get("r/put", None).await?;
    must("kept, and counted", now.kvs()[0].value_str()? == "2" && now.kvs()[0].version() == 3)?;
    let old = c.get("r/put", Some(GetOptions::new().with_revision(first))).await?;
    must("an old value", old.kvs()[0].value() == b"1" && old.kvs()[0].create_revision() == first)?;
    let future = GetOptions::new().with_revision(first + 1_000_000);
    must_fail("mvcc: required revision is a future revision", c.get("r/put", Some(future)).await)?;
    must_fail("key is not provided", c.put("", "x", None).await)?;
    let nowhere = PutOptions::new().with_ignore_value();
    must_fail("key not found", c.put("r/none", "", Some(nowhere)).await)?;
    let small = w.members[0].kv_client().max_decoding_message_size(1 << 20).max_encoding_message_size(1 << 20);
    must("a client with limits", small.clone().get("r/put", None).await?.count() == 1)
}

pub async fn ranges(w: World) -> Check {
    let mut c = w.client;
    for (key, value) in [("rr/a", "3"), ("rr/b", "1"), ("rr/c", "2")] {
        c.put(key, value, None).await?;
    }
    let prefix = || GetOptions::new().with_prefix();
    let some = c.get("rr/", Some(prefix().with_limit(2))).await?;
    must("two of three", some.kvs().len() == 2 && some.more() && some.count() == 3)?;
    let sorted = c.get("rr/", Some(prefix().with_sort(SortTarget::Value, SortOrder::Descend))).await?;
    must("by value", sorted.kvs().iter().map(|kv| kv.key()).eq([b"rr/a", b"rr/c", b"rr/b"]))?;
    must("a count", c.get("rr/", Some(prefix().with_count_only())).await?.count() == 3)?;
    let keys = c.get("rr/", Some(prefix().with_keys_only().with_serializable())).await?;
    must("keys only", keys.kvs().iter().all(|kv| kv.value().is_empty()))?;
    let half = c.get("rr/b", Some(GetOptions::new().with_range("rr/c"))).await?;
    must("half open", half.kvs().len() == 1)?;
    must("from a key", c.get("rr/b", Some(GetOptions::new().with_from_key())).await?.count() >= 2)?;
    must("all keys", c.get("", Some(GetOptions::new().with_all_keys())).await?.count() >= 3)?;
    let b = half.kvs()[0].mod_revision();
    let later = c.get("rr/", Some(prefix().with_min_mod_revision(b + 1).with_min_create_revision(b))).await?;
    must("later", later.kvs().len() == 1)?;
    let earlier = c.get("rr/", Some(prefix().with_max_mod_revision(b).with_max_create_revision(b))).await?;
    must("earlier", earlier.kvs().len() == 2)
}

pub async fn deletes(w: World) -> Check {
    let mut c = w.client;
    for key in ["rd/a", "rd/b", "rd/c", "rd/d"] {
        c.put(key, key, None).await?;
    }
    let one = c.delete("rd/a", Some(DeleteOptions::new().with_prev_key())).await?;
    must("one", one.deleted() == 1 && one.prev_kvs()[0].value() == b"rd/a")?;
    must("none", c.delete("rd/a", None).await?.deleted() == 0)?;
    let range = DeleteOptions::new().with_range("rd/c");
    must("a range", c.delete("rd/b", Some(range)).await?.deleted() == 1)?;
    must("a prefix", c.delete("rd/", Some(DeleteOptions::new().with_prefix())).await?.deleted() == 2)
}

pub async fn transactions(w: World) -> Check {
    let mut c = w.client;
    let make = |value: &str| {
        Txn::new()
            .when([Compare::create_revision("rt/a", CompareOp::Equal, 0)])
            .and_then([TxnOp::put("rt/a", value, None)])
            .or_else([
                TxnOp::get("rt/a", None),
                TxnOp::txn(
                    Txn::new()
                        .when([Compare::value("rt/a", CompareOp::Equal, "1")])
                        .and_then([TxnOp::put("rt/b", "nested", None), TxnOp::delete("rt/c", None)]),
                ),
            ])
    };
    must("made", c.txn(make("1")).await?.succeeded())?;
    let again = c.txn(make("2")).await?;
    must("not made again", !again.succeeded())?;
    match &again.op_responses()[..] {
        [TxnOpResponse::Get(get), TxnOpResponse::Txn(nested)] => {
            must("read", get.kvs()[0].value() == b"1")?;
            must("nested", nested.succeeded() && nested.op_responses().len() == 2)?;
        }
        other => return Err(format!("not as asked: {other:?}").into()),
    }
    for (compare, holds) in [
        (Compare::version("rt/a", CompareOp::Greater, 1), false),
        (Compare::mod_revision("rt/a", CompareOp::Less, i64::MAX), true),
        (Compare::lease("rt/a", CompareOp::NotEqual, 7), true),
        (Compare::version("rt/", CompareOp::Equal, 1).with_prefix(), true),
        (Compare::value("rt/a", CompareOp::Equal, "1").with_range("rt/z"), false),
    ] {
        must("a comparison", c.txn(Txn::new().when([compare])).await?.succeeded() == holds)?;
    }
    let twice = Txn::new().and_then([TxnOp::put("x", "1", None), TxnOp::put("x", "2", None)]);
    must_fail("duplicate key given in txn request", c.txn(twice).await)?;
    let many: Vec<_> = (0..129).map(|_| TxnOp::get("x", None)).collect();
    must_fail("too many operations in txn request", c.txn(Txn::new().and_then(many)).await)
}

pub async fn namespaces(w: World) -> Check {
    let mut c = w.client;
    let mut own = KvClientPrefix::new(c.kv_client(), "rn/".into());
    own.put("a", "1", None).await?;
    must("it is below", c.get("rn/a", None).await?.kvs()[0].value() == b"1")?;
    must("seen from within", own.get("a", None).await?.kvs()[0].key() == b"a")?;
    let txn = Txn::new().when([Compare::version("a", CompareOp::Equal, 1)]).and_then([TxnOp::get("a", None)]);
    must("transactions too", own.txn(txn).await?.succeeded())?;
    must("deleted", own.delete("a", None).await?.deleted() == 1)
}

pub async fn compaction(w: World) -> Check {
    let mut c = w.client;
    let first = c.put("rc", "1", None).await?.header().ok_or("no header")?.revision();
    let second = c.put("rc", "2", None).await?.header().ok_or("no header")?.revision();
    c.compact(second, Some(CompactionOptions::new().with_physical())).await?;
    must_fail("mvcc: required revision has been compacted", c.compact(second, None).await)?;
    let old = GetOptions::new().with_revision(first);
    must_fail("mvcc: required revision has been compacted", c.get("rc", Some(old)).await)
}
