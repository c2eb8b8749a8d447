// SPDX-License-Identifier: Apache-2.0

use etcd_client::{
    EventType, LeaseClientPrefix, LeaseGrantOptions, LeaseTimeToLiveOptions, PutOptions, WatchFilterType,
    WatchOptions,
};

use crate::{must, must_fail, Check, World};

pub async fn leases(w: World) -> Check {
    let mut c = w.client;
    let lease = c.lease_grant(60, None).await?;
    c.put("rl/a", "1", Some(PutOptions::new().with_lease(lease.id()))).await?;
    must("it has it", c.get("rl/a", None).await?.kvs()[0].lease() == lease.id())?;
    c.put("rl/a", "2", Some(PutOptions::new().with_ignore_lease())).await?;
    let (mut keeper, mut kept) = c.lease_keep_alive(lease.id()).await?;
    for _ in 0..3 {
        keeper.keep_alive().await?;
        let said = kept.message().await?.ok_or("the stream ended")?;
        must("kept alive", said.id() == keeper.id() && said.ttl() == 60)?;
    }
    let left = c.lease_time_to_live(lease.id(), Some(LeaseTimeToLiveOptions::new().with_keys())).await?;
    must("what is left", left.granted_ttl() == 60 && left.ttl() > 50 && left.keys() == [b"rl/a"])?;
    let mut own = LeaseClientPrefix::new(c.lease_client(), "rl/".into());
    let within = own.time_to_live(lease.id(), Some(LeaseTimeToLiveOptions::new().with_keys())).await?;
    must("keys of a namespace", within.keys() == [b"a"])?;
    must("listed", c.leases().await?.leases().iter().any(|one| one.id() == lease.id()))?;
    c.lease_revoke(lease.id()).await?;
    must("its key is gone", c.get("rl/a", None).await?.count() == 0)?;
    must("of none is left", c.lease_time_to_live(lease.id(), None).await?.ttl() == -1)?;
    must_fail("requested lease not found", c.lease_revoke(lease.id()).await)?;
    let gone = PutOptions::new().with_lease(lease.id());
    must_fail("requested lease not found", c.put("rl/a", "", Some(gone)).await)?;
    must("not kept alive", c.lease_keep_alive(lease.id()).await.is_err())?;
    let named = c.lease_grant(60, Some(LeaseGrantOptions::new().with_id(4711))).await?;
    must("an id of ours", named.id() == 4711)?;
    let twice = LeaseGrantOptions::new().with_id(4711);
    must_fail("lease already exists", c.lease_grant(60, Some(twice)).await)?;
    c.lease_revoke(4711).await?;
    Ok(())
}

pub async fn a_lease_ends(w: World) -> Check {
    let mut c = w.client;
    let lease = c.lease_grant(1, None).await?.id();
    c.put("rl/short", "1", Some(PutOptions::new().with_lease(lease))).await?;
    let deletes = WatchOptions::new().with_filters([WatchFilterType::NoPut]);
    let mut stream = c.watch("rl/short", Some(deletes)).await?;
    loop {
        let said = stream.message().await?.ok_or("the watch ended")?;
        if let Some(event) = said.events().first() {
            return must("deleted", event.event_type() == EventType::Delete);
        }
    }
}
