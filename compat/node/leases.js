// SPDX-License-Identifier: Apache-2.0
'use strict';

const assert = require('node:assert/strict');
const { once } = require('node:events');
const { EtcdLeaseInvalidError } = require('etcd3');

exports.leases = async ({ client }) => {
  const lease = client.lease(30);
  const id = await lease.grant();
  await lease.put('jl/a').value('1');
  assert.equal((await client.get('jl/a').exec()).kvs[0].lease, id);
  assert.equal((await lease.keepaliveOnce()).TTL, '30');
  const left = await client.leaseClient.leaseTimeToLive({ ID: id, keys: true });
  assert.equal(left.grantedTTL, '30');
  assert.deepEqual(left.keys.map(String), ['jl/a']);
  assert.ok((await client.leaseClient.leaseLeases()).leases.some(one => one.ID === id));
  await client.put('jl/a').value('2').ignoreLease();
  assert.equal((await client.get('jl/a').exec()).kvs[0].lease, id);
  await client.put('jl/b').lease(id).value('');
  assert.equal(lease.revoked(), false);
  await lease.revoke();
  assert.equal(lease.revoked(), true);
  assert.equal(await client.getAll().prefix('jl/').count(), 0);
  const refused = client.put('jl/a').lease(id).value('');
  await assert.rejects(refused.exec(), /requested lease not found/);
  const low = await client.leaseClient.leaseGrant({ TTL: 20, ID: '424242' });
  assert.equal(low.ID, '424242');
  await client.leaseClient.leaseRevoke({ ID: '424242' });
};

exports.a_lease_is_kept_alive = async ({ client }) => {
  const lease = client.lease(2);
  const kept = [];
  for (const name of ['keepaliveEstablished', 'keepaliveFired', 'keepaliveSucceeded']) {
    lease.on(name, () => kept.push(name));
  }
  await lease.put('jk/a').value('1');
  while (kept.filter(name => name === 'keepaliveSucceeded').length < 6) await once(lease, 'keepaliveSucceeded');
  assert.ok(kept.includes('keepaliveEstablished') && kept.includes('keepaliveFired'));
  assert.equal(await client.get('jk/a').string(), '1', 'it lives longer than its time');
  const gone = await client.watch().key('jk/a').only('delete').create();
  lease.release();
  await once(gone, 'delete');
  await gone.cancel();
};

exports.a_lease_is_lost = async ({ client }) => {
  const lease = client.lease(3);
  const lost = once(lease, 'lost');
  await client.leaseClient.leaseRevoke({ ID: await lease.grant() });
  const [error] = await lost;
  assert.ok(error instanceof EtcdLeaseInvalidError, String(error));
  const silent = client.lease(30, { autoKeepAlive: false });
  await silent.grant();
  await silent.revoke();
};
