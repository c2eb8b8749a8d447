// SPDX-License-Identifier: Apache-2.0
'use strict';

const assert = require('node:assert/strict');
const { once } = require('node:events');
const { EtcdLockFailedError, NotCampaigningError } = require('etcd3');

exports.locks = async ({ client }) => {
  const held = await client.lock('jlock').ttl(20).options({}).acquire();
  assert.match(await held.leaseId(), /^\d+$/);
  await assert.rejects(client.lock('jlock').acquire(), EtcdLockFailedError);
  await held.release();
  const said = await client.lock('jlock').do(async () => {
    await assert.rejects(client.lock('jlock').acquire(), EtcdLockFailedError);
    return 'done';
  });
  assert.equal(said, 'done');
  assert.equal(await client.get('jlock').exists(), false);
};

// With one member: a serializable read of a revision that another member gave may come too early.
exports.stm = async ({ one }) => {
  for (const isolation of [0, 1, 2, 3]) {
    // In one revision: the package takes keys of different ones for a conflict (isolation 0).
    await one.if('jstm', 'Create', '==', 0)
      .then(one.put('jstm/a').value(100), one.put('jstm/b').value(0)).commit();
    const move = () => one.stm({ retries: 50, isolation, prefetch: ['jstm/a', 'jstm/b'] }).transact(async tx => {
      const a = await tx.get('jstm/a').number();
      const b = await tx.get('jstm/b').number();
      await tx.put('jstm/a').value(a - 1);
      await tx.put('jstm/b').value(b + 1);
      assert.equal(await tx.get('jstm/b').number(), b + 1, 'it reads what it wrote');
    });
    await Promise.all(Array.from({ length: 5 }, move));
    const { 'jstm/a': a, 'jstm/b': b } = await one.getAll().prefix('jstm/').numbers();
    assert.equal(a + b, 100);
    if (isolation < 3) assert.equal(b, 5, `isolation ${isolation} lost one`);
  }
  await one.stm({ isolation: 2 }).transact(tx => tx.delete().key('jstm/a').exec());
  assert.equal(await one.get('jstm/a').exists(), false);
};

exports.elections = async ({ client }) => {
  const election = client.election('jelection', 20);
  assert.equal(await election.leader(), undefined);
  const a = election.campaign('a');
  await a.wait();
  assert.equal(await election.leader(), 'a');
  assert.equal(await client.get(await a.getCampaignKey()).string(), 'a');
  const observer = await election.observe();
  assert.equal(observer.leader(), 'a');
  assert.ok(observer.hasLeader);
  const b = election.campaign('b');
  const elected = b.wait();
  let changed = once(observer, 'change');
  await a.proclaim('a again');
  assert.equal((await changed)[0], 'a again');
  while ((await client.getAll().prefix('election/jelection/').count()) < 2);
  changed = once(observer, 'change');
  await a.resign();
  await elected;
  assert.equal((await changed)[0], 'b');
  assert.equal((await election.leader('buffer')).toString(), 'b');
  await assert.rejects(a.proclaim('too late'), NotCampaigningError);
  await observer.cancel();
  await b.resign();
  assert.equal(await election.leader(), undefined);
};
