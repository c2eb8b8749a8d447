// SPDX-License-Identifier: Apache-2.0

//! The crate etcd-client through its public surface: client URL,URL,URL MEMBER, of which the last
//! is the program that kills and starts members.

mod cluster;
mod keys;
mod killed;
mod leases;
mod refused;
mod watches;

use std::future::Future;
use std::time::Duration;

use etcd_client::{Client, ConnectOptions, Error};

pub type Check = Result<(), Box<dyn std::error::Error + Send + Sync>>;

#[derive(Clone)]
pub struct World {
    pub client: Client,       // of all
    pub members: Vec<Client>, // of one each
    pub urls: Vec<String>,
    pub member: String,
}

pub fn must(what: &str, holds: bool) -> Check {
    if holds {
        Ok(())
    } else {
        Err(what.into())
    }
}

/// An error of the server that has this text.
pub fn must_fail<T>(text: &str, got: Result<T, Error>) -> Check {
    match got {
        Ok(_) => Err(format!("no error, instead of '{text}'").into()),
        Err(Error::GRpcStatus(status)) if status.message().contains(text) => Ok(()),
        Err(other) => Err(format!("{other}, instead of '{text}'").into()),
    }
}

pub fn options() -> ConnectOptions {
    ConnectOptions::new()
        .with_connect_timeout(Duration::from_secs(5))
        .with_timeout(Duration::from_secs(20))
        .with_keep_alive(Duration::from_secs(3), Duration::from_secs(3))
        .with_keep_alive_while_idle(true)
        .with_tcp_keepalive(Duration::from_secs(10))
}

async fn run(name: &str, failed: &mut bool, check: impl Future<Output = Check>) {
    let said = match tokio::time::timeout(Duration::from_secs(90), check).await {
        Ok(Ok(())) => return println!("ok {name}"),
        Ok(Err(error)) => error.to_string(),
        Err(_) => "not done in 90 s".to_string(),
    };
    println!("FAILED {name}: {said}");
    *failed = true;
}

#[tokio::main]
async fn main() -> Check {
    let urls: Vec<String> = std::env::args().nth(1).ok_or("which URLs?")?.split(',').map(String::from).collect();
    let member = std::env::args().nth(2).ok_or("which program for members?")?;
    let mut members = Vec::new();
    for url in &urls {
        members.push(Client::connect([url], Some(options())).await?);
    }
    let client = Client::connect(&urls, Some(options())).await?;
    let w = World { client, members, urls, member };
    let mut failed = false;
    let f = &mut failed;
    run("puts and gets", f, keys::puts_and_gets(w.clone())).await;
    run("ranges", f, keys::ranges(w.clone())).await;
    run("deletes", f, keys::deletes(w.clone())).await;
    run("transactions", f, keys::transactions(w.clone())).await;
    run("namespaces", f, keys::namespaces(w.clone())).await;
    run("compaction", f, keys::compaction(w.clone())).await;
    run("leases", f, leases::leases(w.clone())).await;
    run("a lease ends by itself", f, leases::a_lease_ends(w.clone())).await;
    run("watches of a stream", f, watches::watches(w.clone())).await;
    run("a watch of the past", f, watches::the_past(w.clone())).await;
    run("filters and fragments", f, watches::filters(w.clone())).await;
    run("progress", f, watches::progress(w.clone())).await;
    run("a watch of what is compacted", f, watches::compacted(w.clone())).await;
    run("members", f, cluster::members(w.clone())).await;
    run("endpoints that come and go", f, cluster::endpoints(w.clone())).await;
    run("maintenance", f, cluster::maintenance(w.clone())).await;
    run("a snapshot", f, cluster::snapshot(w.clone())).await;
    run("alarms", f, cluster::alarms(w.clone())).await;
    run("auth is refused in a sentence", f, refused::auth(w.clone())).await;
    run("lock and election are refused in a sentence", f, refused::coordination(w.clone())).await;
    run("the leadership moves", f, cluster::leadership_moves(w.clone())).await;
    run("the leader is killed", f, killed::the_leader_is_killed(w.clone())).await;
    std::process::exit(i32::from(failed))
}
