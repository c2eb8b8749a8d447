// SPDX-License-Identifier: Apache-2.0

use std::process::Command;
use std::time::Duration;

use etcd_client::{Client, PutOptions, WatchOptions};
use tokio::time::sleep;

use crate::{must, options, Check, World};

const PUTS: usize = 300;

fn tell(member: &str, what: &str) -> Check {
    must(what, Command::new(member).args([what, "2"]).status()?.success())
}

/// What may have been done is done again: it writes the same.
async fn insist(c: &mut Client, i: usize) -> Check {
    for _ in 0..400 {
        if c.put(format!("rk/{i:03}"), "1", None).await.is_ok() {
            return Ok(());
        }
        sleep(Duration::from_millis(50)).await;
    }
    Err(format!("put {i} is never done").into())
}

async fn is_back(w: &World) -> Check {
    for _ in 0..400 {
        if let Ok(mut third) = Client::connect([&w.urls[2]], Some(options())).await {
            let all = etcd_client::GetOptions::new().with_prefix().with_count_only();
            if let Ok(said) = third.get("rk/", Some(all)).await {
                return must("it has all", said.count() == PUTS as i64);
            }
        }
        sleep(Duration::from_millis(50)).await;
    }
    Err("the member does not come back".into())
}

/// Writes go on, a watch at another member misses nothing, and a lease lives on.
pub async fn the_leader_is_killed(w: World) -> Check {
    let mut c = w.client.clone();
    let lease = c.lease_grant(10, None).await?.id();
    c.put("rk-leased", "1", Some(PutOptions::new().with_lease(lease))).await?;
    let mut stream = w.members[0].clone().watch("rk/", Some(WatchOptions::new().with_prefix())).await?;
    for i in 0..PUTS {
        if i == PUTS / 3 {
            tell(&w.member, "kill")?;
        }
        insist(&mut c, i).await?;
    }
    let mut seen = Vec::new();
    while seen.last().map(String::as_str) != Some("rk/299") {
        for event in stream.message().await?.ok_or("the stream ended")?.events() {
            seen.push(event.kv().ok_or("no key")?.key_str()?.to_string());
        }
    }
    let mut sorted = seen.clone();
    sorted.sort();
    must("in order", sorted == seen)?;
    sorted.dedup(); // who was not sure did it again
    must("nothing is missing", sorted.len() == PUTS)?;
    tell(&w.member, "start")?;
    is_back(&w).await?;
    must("the lease is there", leased(&mut c).await? == 1)
}

/// The client of all may still think that the third is not there.
async fn leased(c: &mut Client) -> Result<i64, Box<dyn std::error::Error + Send + Sync>> {
    for _ in 0..400 {
        if let Ok(said) = c.get("rk-leased", None).await {
            return Ok(said.count());
        }
        sleep(Duration::from_millis(50)).await;
    }
    Err("nobody answers".into())
}
