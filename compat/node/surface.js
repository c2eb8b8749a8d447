// SPDX-License-Identifier: Apache-2.0
'use strict';

// Counts which methods of the package were called: what is public and was not, is told at the end.

const seen = new Map();

// Not of the package's users, or not of a server: mock and unmock put something in its place.
const exempt = new Set(['Etcd3.mock', 'Etcd3.unmock', 'ComparatorBuilder.mapOperations']);
const errors = /Error$|Ended$/;

function wrap(owner, label) {
  for (const name of Object.getOwnPropertyNames(owner)) {
    const { value, writable } = Object.getOwnPropertyDescriptor(owner, name);
    if (typeof value !== 'function' || name === 'constructor' || name === 'mock' || !writable) continue;
    const full = `${label}.${name}`;
    if (!exempt.has(full)) seen.set(full, 0);
    owner[name] = function (...args) {
      seen.set(full, (seen.get(full) ?? 0) + 1);
      return value.apply(this, args);
    };
  }
}

// What the type definitions call private, and what only the package itself calls.
const inner = /\.(on|createPromise|mapValues|applyLease|op|teardown|close|emitLoss|keepalive|fireKeepAlive|handleKeepaliveError|transactInner|commit|start|proclaimInner|waitForElected|setLeader|loop|updateRevision|watcher)$/;

exports.watchOver = library => {
  for (const [name, made] of Object.entries(library)) {
    if (typeof made === 'function' && made.prototype && !errors.test(name)) wrap(made.prototype, name);
  }
};

exports.neverCalled = () => {
  const published = new Set(['ComparatorBuilder.commit', 'Etcd3.close', 'PutBuilder.op', 'RangeBuilder.op', 'DeleteBuilder.op']);
  return [...seen]
    .filter(([name, calls]) => calls === 0 && (published.has(name) || !inner.test(name)))
    .map(([name]) => name);
};

exports.count = () => [...seen.values()].filter(calls => calls > 0).length;
