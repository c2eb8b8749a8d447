// SPDX-License-Identifier: Apache-2.0

use etcd_client::{EventType, WatchFilterType, WatchOptions, WatchResponse, WatchStream};

use crate::{must, Check, World};

async fn next(stream: &mut WatchStream) -> Result<WatchResponse, Box<dyn std::error::Error + Send + Sync>> {
    Ok(stream.message().await?.ok_or("the stream ended")?)
}

/// Two watches of one stream, of which one is ended.
pub async fn watches(w: World) -> Check {
    let mut c = w.client;
    let mut stream = c.watch("rw/", Some(WatchOptions::new().with_prefix().with_prev_key())).await?;
    let first = next(&mut stream).await?;
    must("there", first.created())?;
    stream.watch("other", Some(WatchOptions::new().with_watch_id(77))).await?;
    let second = next(&mut stream).await?;
    must("with its id", second.created() && second.watch_id() == 77)?;
    c.put("rw/a", "1", None).await?;
    c.put("rw/a", "2", None).await?;
    c.delete("rw/a", None).await?;
    let mut told = Vec::new();
    while told.len() < 3 {
        let said = next(&mut stream).await?;
        must("of the first", said.watch_id() == first.watch_id())?;
        for event in said.events() {
            let before = event.prev_kv().map(|kv| kv.value().to_vec());
            told.push((event.event_type(), event.kv().map(|kv| kv.value().to_vec()), before));
        }
    }
    must("put", told[0] == (EventType::Put, Some(b"1".to_vec()), None))?;
    must("put again", told[1] == (EventType::Put, Some(b"2".to_vec()), Some(b"1".to_vec())))?;
    must("deleted", told[2].0 == EventType::Delete && told[2].2 == Some(b"2".to_vec()))?;
    stream.cancel(77).await?;
    let ended = next(&mut stream).await?;
    must("ended", ended.canceled() && ended.watch_id() == 77)?;
    let (mut sender, mut receiver) = stream.split();
    sender.cancel(first.watch_id()).await?;
    must("ended, in halves", receiver.message().await?.ok_or("the stream ended")?.canceled())
}

pub async fn the_past(w: World) -> Check {
    let mut c = w.client;
    let begin = c.put("rp/", "0", None).await?.header().ok_or("no header")?.revision();
    for i in 1..300 {
        c.put("rp/", i.to_string(), None).await?;
    }
    let mut stream = c.watch("rp/", Some(WatchOptions::new().with_start_revision(begin))).await?;
    let mut seen = 0;
    while seen < 300 {
        for event in next(&mut stream).await?.events() {
            let kv = event.kv().ok_or("no key")?;
            must("each once, in order", kv.value_str()? == seen.to_string())?;
            seen += 1;
        }
    }
    Ok(())
}

pub async fn filters(w: World) -> Check {
    let mut c = w.client;
    let only = WatchOptions::new().with_filters([WatchFilterType::NoPut]);
    let mut deletes = c.watch("rf", Some(only)).await?;
    let fragments = WatchOptions::new().with_from_key().with_fragment().with_progress_notify();
    let mut all = c.watch("rf", Some(fragments)).await?;
    must("there", next(&mut deletes).await?.created() && next(&mut all).await?.created())?;
    c.put("rf", "1", None).await?;
    c.delete("rf", None).await?;
    let said = next(&mut deletes).await?;
    must("only the deletion", said.events().len() == 1 && said.events()[0].event_type() == EventType::Delete)?;
    let mut seen = 0;
    while seen < 2 {
        seen += next(&mut all).await?.events().len();
    }
    Ok(())
}

pub async fn progress(w: World) -> Check {
    let mut c = w.client;
    let mut stream = c.watch("silent", Some(WatchOptions::new().with_range("silent0"))).await?;
    must("there", next(&mut stream).await?.created())?;
    let wanted = c.put("loud", "1", None).await?.header().ok_or("no header")?.revision();
    loop {
        stream.request_progress().await?;
        let said = next(&mut stream).await?;
        must("no event", said.events().is_empty())?;
        if said.header().ok_or("no header")?.revision() >= wanted {
            return Ok(());
        }
    }
}

pub async fn compacted(w: World) -> Check {
    let mut c = w.client;
    let old = c.put("rz", "1", None).await?.header().ok_or("no header")?.revision();
    let now = c.put("rz", "2", None).await?.header().ok_or("no header")?.revision();
    c.compact(now, None).await?;
    let mut stream = c.watch("rz", Some(WatchOptions::new().with_start_revision(old))).await?;
    loop {
        let said = next(&mut stream).await?;
        if said.canceled() {
            return must("up to where", said.compact_revision() == now);
        }
    }
}
