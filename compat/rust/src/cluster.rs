// SPDX-License-Identifier: Apache-2.0

use etcd_client::{AlarmAction, AlarmOptions, AlarmType, Client, DowngradeOptions, MemberAddOptions};
use sha2::{Digest, Sha256};

use crate::{must, must_fail, options, Check, World};

pub async fn members(w: World) -> Check {
    let mut c = w.client;
    let list = c.member_list().await?;
    let mut names: Vec<_> = list.members().iter().map(|one| one.name()).collect();
    names.sort_unstable();
    must("their names", names == ["n0", "n1", "n2"])?;
    must("their URLs", list.members().iter().all(|one| one.client_urls().len() == 1 && one.peer_urls().len() == 1))?;
    let learner = MemberAddOptions::new().with_is_learner();
    let added = c.member_add(["http://127.0.0.1:1"], Some(learner)).await?;
    must("four", added.member_list().len() == 4)?;
    let id = added.member().ok_or("no member")?.id();
    c.member_update(id, ["http://127.0.0.1:2".to_string()]).await?;
    must_fail("in sync with leader", c.member_promote(id).await)?;
    must("three", c.member_remove(id).await?.members().len() == 3)?;
    must_fail("member not found", c.member_remove(77).await)
}

pub async fn endpoints(w: World) -> Check {
    let mut c = Client::connect([&w.urls[0]], Some(options())).await?;
    c.add_endpoint(&w.urls[1]).await?;
    c.remove_endpoint(&w.urls[0]).await?;
    for _ in 0..5 {
        c.put("re", "1", None).await?;
    }
    let here = c.status().await?.header().ok_or("no header")?.member_id();
    let mut other = w.members[1].clone();
    must("the second is asked", here == other.status().await?.header().ok_or("no header")?.member_id())
}

pub async fn maintenance(w: World) -> Check {
    let mut c = w.client;
    let revision = c.put("rm", "1", None).await?.header().ok_or("no header")?.revision();
    let mut hashes = Vec::new();
    let mut leaders = 0;
    for mut one in w.members {
        one.get("rm", None).await?; // it has come that far
        let status = one.status().await?;
        must("3.5", status.version().starts_with("3.5."))?;
        must("sizes", status.db_size() > 0 && status.raft_used_db_size() > 0)?;
        must("indexes", status.raft_index() >= status.raft_applied_index() && status.raft_applied_index() > 0)?;
        must("no errors", status.errors().is_empty() && !status.is_learner() && status.raft_term() > 0)?;
        leaders += i32::from(status.leader() == status.header().ok_or("no header")?.member_id());
        one.defragment().await?;
        one.hash().await?;
        hashes.push(one.hash_kv(revision).await?.hash());
    }
    must("one leads", leaders == 1)?;
    must("equal among members", hashes.iter().all(|one| *one == hashes[0]))?;
    let downgrade = DowngradeOptions::Validate("3.4.0".into());
    must("there is one version only", c.maintenance_client().downgrade(downgrade).await.is_err())
}

pub async fn snapshot(w: World) -> Check {
    let mut c = w.client;
    let mut stream = c.snapshot().await?;
    let (mut bytes, mut left) = (Vec::new(), u64::MAX);
    while let Some(part) = stream.message().await? {
        bytes.extend_from_slice(part.blob());
        left = part.remaining_bytes();
    }
    must("all of it", left == 0 && bytes.len() > 32)?;
    let (data, sum) = bytes.split_at(bytes.len() - 32);
    must("its sum", Sha256::digest(data).as_slice() == sum)
}

pub async fn alarms(w: World) -> Check {
    let mut c = w.client;
    must("none", c.alarm(AlarmAction::Get, AlarmType::None, None).await?.alarms().is_empty())?;
    let mut at = AlarmOptions::new();
    at.with_member(c.member_list().await?.members()[0].id());
    c.alarm(AlarmAction::Activate, AlarmType::Nospace, Some(at.clone())).await?;
    let raised = c.alarm(AlarmAction::Get, AlarmType::None, None).await?;
    must("one", raised.alarms().len() == 1 && raised.alarms()[0].alarm() == AlarmType::Nospace)?;
    must_fail("database space exceeded", c.put("ra", "1", None).await)?;
    c.alarm(AlarmAction::Deactivate, AlarmType::Nospace, Some(at)).await?;
    c.put("ra", "1", None).await?;
    Ok(())
}

/// It ends with the third, which is the one that is killed.
pub async fn leadership_moves(mut w: World) -> Check {
    let mut ids = Vec::new();
    let mut at = 0;
    for (i, one) in w.members.iter_mut().enumerate() {
        let status = one.status().await?;
        ids.push(status.header().ok_or("no header")?.member_id());
        if status.leader() == ids[i] {
            at = i;
        }
    }
    for to in if at == 2 { vec![0, 2] } else { vec![2] } {
        w.members[at].move_leader(ids[to]).await?;
        must("it leads", w.members[to].status().await?.leader() == ids[to])?;
        at = to;
    }
    Ok(())
}
