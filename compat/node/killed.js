// SPDX-License-Identifier: Apache-2.0
'use strict';

const assert = require('node:assert/strict');
const { once } = require('node:events');
const { execFileSync } = require('node:child_process');
const { setTimeout: pause } = require('node:timers/promises');

// What may be tried again: whoever does it twice writes the same.
async function insist(deed) {
  for (let failure, end = Date.now() + 20000; ; ) {
    if (Date.now() > end) throw failure;
    try {
      return await deed();
    } catch (error) {
      failure = error;
      await pause(20); // a host that is given up for a while refuses at once
    }
  }
}

// Writes go on, watches come back and have missed nothing, a lease lives on.
exports.the_leader_is_killed = async ({ client, members, member }) => {
  const lease = client.lease(5);
  let lost;
  lease.on('lost', error => { lost = error; });
  await lease.put('jkill/leased').value('1');
  const told = [];
  let broken = 0;
  // One watch through each member, so one of them loses its connection.
  const watchers = await Promise.all(members.map(async (one, at) => {
    const watcher = await one.watch().prefix('jkilled/').create();
    told.push([]);
    watcher.on('put', kv => told[at].push(Number(kv.value)));
    watcher.on('disconnected', () => broken++);
    return watcher;
  }));
  for (let i = 0; i < 300; i++) {
    if (i === 100) execFileSync(member, ['kill', '2']);
    await insist(() => client.put(`jkilled/${i}`).options({ deadline: Date.now() + 5000 }).value(i).exec());
  }
  assert.ok(broken > 0, 'a stream broke');
  execFileSync(member, ['start', '2']);
  const back = await insist(() => members[2].get('jkilled/299').options({ deadline: Date.now() + 5000 }).string());
  assert.equal(back, '299', 'the member is back, and has it');
  for (let at = 0; at < told.length; at++) {
    while (!told[at].includes(299)) await once(watchers[at], 'data');
    // Whoever was not sure that a put was done did it again: each is there, and none goes back.
    assert.deepEqual([...new Set(told[at])], Array.from({ length: 300 }, (_, i) => i));
    assert.deepEqual(told[at], [...told[at]].sort((a, b) => a - b));
  }
  assert.equal(lost, undefined, `the lease is lost: ${lost}`);
  assert.equal(await client.get('jkill/leased').string(), '1');
  await lease.revoke();
  await Promise.all(watchers.map(watcher => watcher.cancel()));
};
