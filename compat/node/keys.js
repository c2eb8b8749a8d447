// SPDX-License-Identifier: Apache-2.0
'use strict';

const assert = require('node:assert/strict');
const { Range } = require('etcd3');

exports.puts = async ({ client }) => {
  const put = await client.put('js/put').value('1');
  assert.match(put.header.revision, /^\d+$/);
  const before = await client.put('js/put').value(2).getPrevious();
  assert.equal(before.value.toString(), '1');
  const touched = await client.put('js/put').touch();
  assert.equal(Number(touched.header.revision), Number(put.header.revision) + 2);
  assert.equal(await client.get('js/put').number(), 2);
  await client.put(Buffer.from('js/bytes')).value(Buffer.from([0, 255, 10]));
  assert.deepEqual(await client.get('js/bytes').buffer(), Buffer.from([0, 255, 10]));
  await client.put('js/json').options({ deadline: Date.now() + 10000 }).value('{"a":[1]}').exec();
  assert.deepEqual(await client.get('js/json').json(), { a: [1] });
  await assert.rejects(client.put('').value('x').exec(), /key is not provided/);
  await assert.rejects(client.put('js/none').touch(), /key not found/);
};

exports.gets = async ({ client }) => {
  const first = await client.put('js/get').value('old');
  await client.put('js/get').value('new');
  const rev = first.header.revision;
  assert.equal(await client.get('js/get'), 'new');
  assert.equal(await client.get('js/get').revision(rev).string(), 'old');
  assert.equal(await client.get('js/get').minModRevision(Number(rev) + 1).string(), 'new');
  assert.equal(await client.get('js/get').maxModRevision(rev).string(), null);
  assert.equal(await client.get('js/get').minCreateRevision(Number(rev) + 1).string(), null);
  assert.equal(await client.get('js/get').maxCreateRevision(rev).string(), 'new');
  assert.equal(await client.get('js/missing').exists(), false);
  assert.equal(await client.get('js/missing').string(), null);
  const raw = await client.get('js/get').options({ deadline: Date.now() + 10000 }).exec();
  assert.equal(raw.count, '1');
  assert.equal(raw.kvs[0].version, '2');
  assert.equal(raw.kvs[0].create_revision, rev);
  await client.get('js/get').serializable(true).exec();
  await assert.rejects(client.get('js/get').revision(Number(rev) + 1e6).exec(), /future revision/);
};

exports.ranges = async ({ client }) => {
  for (const [key, value] of [['a', '3'], ['b', '1'], ['c', '2']]) await client.put(`jr/${key}`).value(value);
  const all = () => client.getAll().prefix('jr/');
  assert.deepEqual(await all(), { 'jr/a': '3', 'jr/b': '1', 'jr/c': '2' });
  assert.deepEqual(await all().numbers(), { 'jr/a': 3, 'jr/b': 1, 'jr/c': 2 });
  assert.deepEqual(await all().json(), { 'jr/a': 3, 'jr/b': 1, 'jr/c': 2 });
  assert.equal((await all().buffers())['jr/a'].toString(), '3');
  assert.equal((await all().strings())['jr/b'], '1');
  assert.equal(await all().count(), 3);
  assert.deepEqual(await all().sort('Value', 'Descend').keys(), ['jr/a', 'jr/c', 'jr/b']);
  assert.deepEqual((await all().sort('Mod', 'Ascend').limit(2).keyBuffers()).map(String), ['jr/a', 'jr/b']);
  const some = await all().limit(2).exec();
  assert.deepEqual([some.kvs.length, some.more, some.count], [2, true, '3']);
  assert.deepEqual(await client.getAll().inRange({ start: 'jr/b', end: 'jr/c' }).keys(), ['jr/b']);
  assert.ok(await client.getAll().all().count() >= 3);
};

exports.deletes = async ({ client }) => {
  for (const key of ['a', 'b', 'c', 'd', 'e']) await client.put(`jd/${key}`).value(key);
  assert.equal((await client.delete().key('jd/a')).deleted, '1');
  assert.equal((await client.delete().key('jd/a')).deleted, '0');
  const before = await client.delete().range(client.range({ start: 'jd/b', end: 'jd/c' })).getPrevious();
  assert.deepEqual(before.map(kv => kv.value.toString()), ['b']);
  assert.equal((await client.delete().inRange(Range.prefix('jd/c')).options({}).exec()).deleted, '1');
  assert.equal((await client.delete().prefix('jd/').exec()).deleted, '2');
  const own = client.namespace('jd/');
  await own.put('x').value('');
  assert.equal((await own.delete().all().exec()).deleted, '1');
  assert.ok(await client.getAll().all().count() > 0, 'only the namespace is emptied');
};

exports.transactions = async ({ client }) => {
  const make = value => client.if('jt/a', 'Create', '==', 0)
    .then(client.put('jt/a').value(value))
    .else(client.get('jt/a'), client.getAll().prefix('jt/').limit(5))
    .options({ deadline: Date.now() + 10000 })
    .commit();
  assert.equal((await make('1')).succeeded, true);
  const again = await make('2');
  assert.equal(again.succeeded, false);
  assert.equal(again.responses[0].response_range.kvs[0].value.toString(), '1');
  assert.equal(again.responses[1].response_range.count, '1');
  for (const [column, sign, value, holds] of [
    ['Value', '==', '1', true], ['Value', '!=', '1', false], ['Version', '===', 1, true],
    ['Version', '>', 1, false], ['Version', '<', 2, true], ['Version', '!==', 1, false],
    ['Mod', '>', 0, true], ['Create', '>', 0, true], ['Lease', '==', 0, true],
  ]) {
    assert.equal((await client.if('jt/a', column, sign, value).commit()).succeeded, holds, `${column} ${sign} ${value}`);
  }
  const both = await client.if('jt/a', 'Version', '==', 1).and('jt/b', 'Create', '==', 0)
    .then(client.put('jt/b').value('b'), client.delete().key('jt/a')).commit();
  assert.equal(both.responses[1].response_delete_range.deleted, '1');
  const twice = client.if('jt/b', 'Version', '==', 1)
    .then(client.put('jt/c').value('1'), client.put('jt/c').value('2')).commit();
  await assert.rejects(twice, /duplicate key given in txn/);
};

exports.namespaces = async ({ client }) => {
  const outer = client.namespace('jn/');
  const own = outer.namespace('own/');
  await own.put('k').value('v');
  assert.equal(await client.get('jn/own/k'), 'v');
  assert.deepEqual(await outer.getAll().all(), { 'own/k': 'v' });
  assert.deepEqual(await own.getAll().keys(), ['k']);
  assert.equal((await own.if('k', 'Value', '==', 'v').then(own.delete().key('k')).commit()).succeeded, true);
  assert.equal(await client.get('jn/own/k').exists(), false);
};

exports.ranges_of_bytes = async () => {
  const range = Range.from({ prefix: 'ab' });
  assert.ok(range.includes('abc') && !range.includes('ac'));
  assert.equal(range.compare(new Range('ac', 'ad')), -1);
};

exports.compaction = async ({ client }) => {
  const first = await client.put('jc').value('1');
  const rev = (await client.put('jc').value('2')).header.revision;
  await client.kv.compact({ revision: rev, physical: true });
  await assert.rejects(client.kv.compact({ revision: rev }), /has been compacted/);
  await assert.rejects(client.get('jc').revision(first.header.revision).exec(), /has been compacted/);
};
