// SPDX-License-Identifier: Apache-2.0

//! What Bowline does not serve yet has to be refused in a sentence of its own.

use etcd_client::{Permission, ProclaimOptions};

use crate::{must_fail, Check, World};

const USERS: &str = "users and roles are not served yet";

pub async fn auth(w: World) -> Check {
    let mut c = w.client;
    must_fail(USERS, c.auth_enable().await)?;
    must_fail(USERS, c.auth_disable().await)?;
    must_fail(USERS, c.role_add("r").await)?;
    must_fail(USERS, c.role_delete("r").await)?;
    must_fail(USERS, c.role_get("r").await)?;
    must_fail(USERS, c.role_list().await)?;
    must_fail(USERS, c.role_grant_permission("r", Permission::read("a")).await)?;
    must_fail(USERS, c.role_revoke_permission("r", "a", None).await)?;
    must_fail(USERS, c.user_add("u", "p", None).await)?;
    must_fail(USERS, c.user_get("u").await)?;
    must_fail(USERS, c.user_list().await)?;
    must_fail(USERS, c.user_delete("u").await)?;
    must_fail(USERS, c.user_change_password("u", "p").await)?;
    must_fail(USERS, c.user_grant_role("u", "r").await)?;
    must_fail(USERS, c.user_revoke_role("u", "r").await)
}

pub async fn coordination(w: World) -> Check {
    let mut c = w.client;
    let lease = c.lease_grant(60, None).await?.id();
    must_fail("not served yet", c.lock("l", None).await)?;
    must_fail("not served yet", c.unlock("l").await)?;
    must_fail("not served yet", c.campaign("e", "v", lease).await)?;
    must_fail("not served yet", c.leader("e").await)?;
    must_fail("not served yet", c.observe("e").await)?;
    let key = etcd_client::LeaderKey::new().with_name("e").with_key("e/1").with_rev(1).with_lease(lease);
    let proclaim = ProclaimOptions::new().with_leader(key.clone());
    must_fail("not served yet", c.proclaim("v", Some(proclaim)).await)?;
    let resign = etcd_client::ResignOptions::new().with_leader(key);
    must_fail("not served yet", c.resign(Some(resign)).await)?;
    must_fail("", c.kv_client().get_stream("a", None).await.map(|_| ()))?;
    Ok(())
}
