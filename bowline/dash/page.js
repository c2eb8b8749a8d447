// SPDX-License-Identifier: Apache-2.0
// Asks the node that served this page, once a second, and shows what it says. All of it goes into
// the page as text: names are whatever somebody has called a member.
'use strict';

const everyMs = 1000;
const mostPoints = 120;
const points = [];

const at = (id) => document.getElementById(id);
const whole = new Intl.NumberFormat('en');
const short = new Intl.NumberFormat('en', {maximumFractionDigits: 1});

function put(id, text) {
  const where = at(id);
  if (where.textContent !== text) where.textContent = text;  // nothing is read aloud twice
}

const rate = (value) => (value >= 100 ? whole.format(Math.round(value)) : short.format(value));
const time = (ms) => (ms < 10 ? `${ms.toFixed(2)} ms` : `${short.format(ms)} ms`);

function size(bytes) {
  const units = ['bytes', 'KiB', 'MiB', 'GiB', 'TiB'];
  let unit = 0;
  for (; bytes >= 1024 && unit + 1 < units.length; ++unit) bytes /= 1024;
  return `${short.format(bytes)} ${units[unit]}`;
}

const nameOf = (member) => member.name || member.id;

function leaderOf(status) {
  let leader = null;
  for (const one of status.members) {
    if (one.report && one.report.role === 'leader' &&
        (!leader || one.report.term > leader.report.term)) leader = one;
  }
  return leader;
}

function summarize(status, leader) {
  const voters = status.members.filter((one) => one.standing === 'voter');
  const here = voters.filter((one) => one.report).length;
  const troubles = [];
  for (const one of status.members) {
    if (!one.report) troubles.push(`${nameOf(one)} does not answer`);
    else if (one.report.disk_full) troubles.push(`the disk of ${nameOf(one)} is full`);
    else if (one.report.disk_stalled) troubles.push(`the disk of ${nameOf(one)} hangs`);
  }
  const counted = `${here} of ${voters.length} voters answer`;
  const led = leader ? `${nameOf(leader)} leads in term ${leader.report.term}` : 'nobody leads';
  const text = `${counted}, ${led}${troubles.length ? `: ${troubles.join(', ')}` : ''}.`;
  put('summary', text);
  at('summary').className = leader && !troubles.length ? 'good' : 'bad';
}

function showLately(status, leader) {
  const rates = leader && leader.report.rates;
  const all = status.members.map((one) => one.report && one.report.rates).filter(Boolean);
  const calls = all.reduce((sum, one) => sum + one.grpc_calls_per_s, 0);
  put('over', rates ? `the last ${Math.round(rates.over_s)} s` : 'measuring');
  put('writes', rates ? rate(rates.writes_per_s) : '–');
  put('calls', all.length ? rate(calls) : '–');
  put('p50', rates && rates.write ? time(rates.write.p50_ms) : '–');
  put('p99', rates && rates.write ? time(rates.write.p99_ms) : '–');
  const store = leader && leader.report.store;
  put('keys', store ? whole.format(store.keys) : '–');
  put('revision', store ? whole.format(store.revision) : '–');
  if (rates) draw(rates.writes_per_s);
}

function draw(value) {
  points.push(value);
  if (points.length > mostPoints) points.shift();
  const top = Math.max(...points, 1);
  const x = (i) => i * 600 / Math.max(points.length - 1, 19);
  const y = (v) => 86 - v / top * 82;
  at('line').setAttribute('points', points.map((v, i) => `${x(i).toFixed(1)},${y(v).toFixed(1)}`).join(' '));
  at('chart').setAttribute('aria-label', `Writes a second: ${rate(value)} now, at most ${rate(top)}`);
  put('top', rate(top));
}

function cell(label, text, kind) {
  const one = document.createElement('td');
  one.dataset.label = label;
  one.textContent = text;
  if (kind) one.className = kind;
  return one;
}

function headOf(member, isHere) {
  const head = document.createElement('th');
  head.scope = 'row';
  const page = member.urls.find((url) => /^https?:\/\//.test(url));
  const name = document.createElement(page && !isHere ? 'a' : 'span');
  name.textContent = nameOf(member);
  if (page && !isHere) name.href = page;
  head.append(name, isHere ? ' (this one)' : '');
  head.title = member.id;
  return head;
}

function rowOf(member, status, leader) {
  const report = member.report;
  const row = document.createElement('tr');
  row.append(headOf(member, member.id === status.self));
  const seen = leader ? leader.report.peers.find((peer) => peer.id === member.id) : null;
  const leads = leader && member.id === leader.id;
  const role = !report ? 'does not answer' : leads || report.role !== 'leader' ? report.role : 'deposed';
  const learns = member.standing === 'learner' ? ', learner' : '';
  row.append(cell('Role', role + learns, leads ? 'lead' : report ? '' : 'bad'));
  for (const [label, key] of [['Term', 'term'], ['Commit', 'commit'], ['Applied', 'applied']])
    row.append(cell(label, report && key in report ? whole.format(report[key]) : '–'));
  row.append(cell('Behind', seen ? `${whole.format(seen.behind)} entries` : leads ? '0 entries' : '–'));
  const heard = !seen ? '–' : seen.silent_ms === null ? 'never' : `${Math.round(seen.silent_ms)} ms ago`;
  row.append(cell('Heard', leads ? 'leads' : heard, seen && !seen.connected ? 'bad' : ''));
  row.append(cell('gRPC calls a second', report && report.rates ? rate(report.rates.grpc_calls_per_s) : '–'));
  row.append(cell('Memory of the map', report ? size(report.store.bytes) : '–'));
  return row;
}

function show(status) {
  status.members.sort((a, b) => nameOf(a).localeCompare(nameOf(b), 'en', {numeric: true}));
  const leader = leaderOf(status);
  const self = status.members.find((one) => one.id === status.self);
  put('here', `${self ? nameOf(self) : status.self} of cluster ${status.cluster}`);
  document.title = `${self ? nameOf(self) : 'Bowline'} · Bowline`;
  summarize(status, leader);
  showLately(status, leader);
  at('members').replaceChildren(...status.members.map((one) => rowOf(one, status, leader)));
}

let lastGood = null;
async function look() {
  try {
    const answer = await fetch('/v1/status', {signal: AbortSignal.timeout(5000), cache: 'no-store'});
    if (!answer.ok) throw new Error(`status ${answer.status}`);
    show(await answer.json());
    lastGood = new Date();
    document.body.classList.remove('stale');
  } catch (fault) {
    const since = lastGood ? `What you see is of ${lastGood.toLocaleTimeString()}.` : 'Nothing is known yet.';
    put('summary', `This node does not answer (${fault.message}). ${since} It is asked again.`);
    at('summary').className = 'bad';
    document.body.classList.add('stale');
  }
}

async function goOn() {
  if (!document.hidden) await look();
  setTimeout(goOn, everyMs);
}
goOn();
