// SPDX-License-Identifier: Apache-2.0
'use strict';

const assert = require('node:assert/strict');
const { once } = require('node:events');

exports.watches = async ({ client }) => {
  const watcher = await client.watch().prefix('jw/').withPreviousKV().create();
  const told = [];
  watcher.on('put', (kv, before) => told.push(`put ${kv.key} ${kv.value} ${before ? before.value : '-'}`));
  watcher.on('delete', (kv, before) => told.push(`delete ${kv.key} ${before.value}`));
  await client.put('jw/a').value('1');
  await client.put('jw/a').value('2');
  await client.put('elsewhere').value('3');
  await client.delete().key('jw/a');
  while (told.length < 3) await once(watcher, 'data');
  assert.deepEqual(told, ['put jw/a 1 -', 'put jw/a 2 1', 'delete jw/a 2']);
  assert.ok(Number(watcher.lastRevision()) > 0);
  const ended = once(watcher, 'end');
  await watcher.cancel();
  await ended;
};

exports.watches_of_one_kind = async ({ client }) => {
  const puts = await client.watch().key('jf').only('put').create();
  const deletes = await client.watch().inRange({ prefix: 'jf' }).ignore('delete').create();
  const first = once(puts, 'data');
  const last = once(deletes, 'data');
  await client.put('jf').value('1');
  await client.delete().key('jf');
  assert.deepEqual((await first)[0].events.map(event => event.type), ['Put']);
  assert.deepEqual((await last)[0].events.map(event => event.type), ['Delete']);
  await Promise.all([puts.cancel(), deletes.cancel()]);
};

exports.a_watch_of_the_past = async ({ client }) => {
  const begin = (await client.put('jp/0').value('0')).header.revision;
  for (let i = 1; i < 300; i++) await client.put(`jp/${i}`).value(String(i));
  const watcher = client.watch().prefix('jp/').startRevision(begin).watcher();
  const values = [];
  watcher.on('put', kv => values.push(Number(kv.value)));
  while (values.length < 300) await once(watcher, 'data');
  assert.deepEqual(values, [...values.keys()], 'each of them once, in order');
  await watcher.cancel();
};

exports.many_watches_of_a_stream = async ({ client }) => {
  const watchers = [];
  for (let i = 0; i < 50; i++) watchers.push(await client.watch().key(`jm/${i}`).create());
  assert.equal(new Set(watchers.map(watcher => watcher.id)).size, 50);
  const all = watchers.map(watcher => once(watcher, 'put'));
  await Promise.all(watchers.map((_, i) => client.put(`jm/${i}`).value(String(i)).exec()));
  (await Promise.all(all)).forEach(([kv], i) => assert.equal(kv.value.toString(), String(i)));
  await Promise.all(watchers.map(watcher => watcher.cancel()));
};

exports.a_watch_of_what_is_compacted = async ({ client }) => {
  const rev = (await client.put('jz').value('1')).header.revision;
  const now = (await client.put('jz').value('2')).header.revision;
  await client.kv.compact({ revision: now });
  // Begun apart: on this error the package ends the stream that its other watches have, too.
  const watcher = client.namespace('').watch().key('jz').startRevision(rev).watcher();
  const [error] = await once(watcher, 'error', { captureRejections: false }).catch(reason => [reason]);
  assert.match(String(error), /compacted|canceled/);
};
