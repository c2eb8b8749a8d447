// SPDX-License-Identifier: Apache-2.0
'use strict';

// The npm package etcd3, through its public surface: client.js URL,URL,URL MEMBER, of which the
// last is the program that kills and starts members.

const etcd3 = require('etcd3');
const surface = require('./surface');

surface.watchOver(etcd3);

const checks = Object.assign({}, require('./keys'), require('./leases'), require('./watches'),
  require('./coordination'), require('./cluster'), require('./killed'));

function within(seconds, what) {
  let timer;
  const late = new Promise((_, reject) => {
    timer = setTimeout(() => reject(new Error(`not done in ${seconds} s`)), seconds * 1000);
  });
  return Promise.race([what, late]).finally(() => clearTimeout(timer));
}

async function main() {
  const hosts = process.argv[2].split(',');
  const members = hosts.map(host => new etcd3.Etcd3({ hosts: host }));
  const client = new etcd3.Etcd3({ hosts });
  const context = { client, members, one: members[0], member: process.argv[3] };
  let failed = false;
  for (const [name, check] of Object.entries(checks)) {
    try {
      await within(60, check(context));
      console.log(`ok ${name}`);
    } catch (error) {
      failed = true;
      console.log(`FAILED ${name}: ${String(error.stack ?? error).slice(0, 600).replaceAll('\n', ' | ')}`);
    }
  }
  [client, ...members].forEach(one => one.close());
  const missing = surface.neverCalled();
  failed ||= missing.length > 0;
  console.log(missing.length === 0 ? `ok ${surface.count()} methods were called`
    : `FAILED methods that were never called: ${missing.join(' ')}`);
  process.exit(failed ? 1 : 0); // streams that hang on would keep it
}

process.on('unhandledRejection', error => console.log(`FAILED a promise that nobody waits for: ${error}`));
main();
