import assert from 'node:assert/strict';
import { describe, it, type TestContext } from 'node:test';
import type { DiffAnswer, SyncedAnswer, WhyAnswer } from '../../src/daemon/testing.ts';
import { hexToBytes } from '../../src/store/index.ts';
import { cleanUp } from '../support/clean-up.ts';
import { within } from '../support/within.ts';
import { hide } from './support/hide.ts';
import { type LocalDaemon, LocalDaemons } from './support/in-process.ts';
import { converged, each, until } from './support/mesh.ts';

const ITEMS = 300;
const QUICK = {
  'sync.intervalMs': '1000',
  'sync.intervalMinMs': '1000',
  'sync.intervalMaxMs': '1000',
  // Sessions alone bring items.
  'push.enabled': 'false',
};
const encoder = new TextEncoder();

async function ask<T>(node: LocalDaemon, path: string): Promise<T> {
  const { status, text } = await node.client.send('GET', path);
  assert.equal(status, 200, text);
  return JSON.parse(text);
}

async function diff(from: LocalDaemon, to: LocalDaemon): Promise<DiffAnswer> {
  const body = JSON.stringify({ peerId: to.daemon.peerId });
  const { status, text } = await from.client.send('POST', '/v1/diff', body);
  assert.equal(status, 200, text);
  return JSON.parse(text);
}

const synced = (node: LocalDaemon) => ask<SyncedAnswer>(node, '/v1/synced?maxLagSeconds=2');
const why = (node: LocalDaemon, id: string) => ask<WhyAnswer>(node, `/v1/items/${id}/why`);

/** Two connected daemons with the same items, and the id of one item. */
async function equalPair(context: TestContext) {
  const daemons = await LocalDaemons.create(context);
  const [a, b] = [await daemons.start('a', QUICK), await daemons.start('b', QUICK)];
  const puts = await each(ITEMS, (i) => a.client.put(encoder.encode(`item ${i}`), BigInt(i)));
  await a.client.addPeer(b.address);
  await converged([a, b], 1);
  return { a, b, id: puts[ITEMS / 2]!.id };
}

describe('an item that one of two nodes has lost without notice', () => {
  it('is a no of both, is named by a diff, and is explained on both sides', async (context) => {
    const { a, b, id } = await equalPair(context);
    assert.equal((await synced(a)).synced, true);
    assert.equal((await diff(a, b)).equal, true);
    const [put, fetched] = [await why(a, id), await why(b, id)];
    assert.ok(put.state === 'have' && fetched.state === 'have');
    assert.equal(put.arrival?.source, 'local');
    assert.equal(fetched.arrival?.source, a.daemon.peerId);
    const last = await a.client.put(encoder.encode('the last write'), BigInt(ITEMS));
    const proved = await ask<SyncedAnswer>(b, '/v1/synced?provedSince=now&wait=20s');
    const there = await why(b, last.id);
    assert.deepEqual([proved.synced, there.state], [true, 'have'], 'a write before the call');
    hide(b.daemon.replica, hexToBytes(id), { record: true });

    const no = await until(
      () => synced(b),
      (answer) => !answer.synced,
      15_000,
    );
    assert.ok(['behind', 'refusing'].includes(no.state), no.reason);
    const lost = await until(
      () => why(b, id),
      (answer) => answer.state === 'wanted' && answer.attempts.length > 0,
    );
    assert.ok(lost.state === 'wanted');
    assert.deepEqual(lost.sources, [a.daemon.peerId]);
    const { peerId, outcome, error } = lost.attempts[0]!;
    assert.deepEqual([peerId, outcome], [a.daemon.peerId, 'unstored']);
    assert.equal(error?.code, 'DISK_FULL');

    const [hereAtA, thereAtB] = [await diff(a, b), await diff(b, a)];
    assert.deepEqual(hereAtA.onlyHere, [{ id, hint: `${ITEMS / 2}` }]);
    assert.deepEqual(hereAtA.onlyThere, []);
    assert.deepEqual(thereAtB.onlyThere, [{ id, hint: null }]);
    assert.deepEqual(thereAtB.counts, { here: 0, there: 1 });

    const held = await why(a, id);
    assert.ok(held.state === 'have');
    assert.equal(held.indexed, true);
    assert.deepEqual(
      held.lackedBy.map(({ peerId }) => peerId),
      [b.daemon.peerId],
    );
    const other = await until(
      () => synced(a),
      (answer) => !answer.synced,
      15_000,
    );
    assert.equal(other.state, 'different', other.reason);
    assert.equal(other.peers[0]!.lacks, 1);
  });

  it('is told from an item that only the index has lost', async (context) => {
    const { a, b, id } = await equalPair(context);
    hide(b.daemon.replica, hexToBytes(id), { record: false });
    const no = await until(
      () => synced(b),
      (answer) => !answer.synced,
      15_000,
    );
    assert.equal(no.state, 'different', no.reason);
    assert.match(no.reason, /1 item of .* held here and missing in the index/);
    const held = await why(b, id);
    assert.ok(held.state === 'have');
    assert.equal(held.indexed, false);
    const { onlyThere, unlisted, equal } = await diff(b, a);
    assert.deepEqual([equal, onlyThere, unlisted], [false, [], [{ id, hint: `${ITEMS / 2}` }]]);
    assert.deepEqual(
      (await diff(a, b)).onlyHere.map((key) => key.id),
      [id],
    );
  });
});

describe('the events of a daemon', () => {
  it('tell of items, sessions, peers and the configuration', async (context) => {
    const daemons = await LocalDaemons.create(context);
    const [a, b] = [await daemons.start('a', QUICK), await daemons.start('b', QUICK)];
    const over = new AbortController();
    cleanUp(context, () => over.abort());
    const response = await fetch(`${a.client.url}/v1/events`, { signal: over.signal });
    const reader = response.body!.pipeThrough(new TextDecoderStream()).getReader();
    const { id } = await a.client.put(encoder.encode('an item'));
    await a.client.addPeer(b.address);
    a.daemon.control.setLogLevel('fatal');
    let text = '';
    const all = async () => {
      const wanted = [
        ...[`"item":"${id}"`, '"change":"connected"', '"type":"session"'],
        '"changed":["log.level"]',
      ];
      while (!wanted.every((part) => text.includes(part))) {
        const { value, done } = await reader.read();
        assert.equal(done, false);
        text += value;
      }
    };
    await within(all(), 'an event of each type', 10_000);
  });
});
