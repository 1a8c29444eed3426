import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Channel } from '../../../../src/protocol/index.ts';
import { settle, VirtualClock } from '../../../support/clock.ts';
import { MemoryNetwork } from '../../../support/memory-network.ts';
import { SeededRandom } from '../../../support/random.ts';
import { soon } from '../../../support/soon.ts';
import { tinyDialect } from '../../../support/tiny-dialect.ts';
import { idsOf, Peer } from './reconcile-harness.ts';

const PROTOCOL = '/rangemesh/test/tiny/1';
const LARGE = { maxFrameBytes: 1 << 20 };

describe('ReconcileService: many peers', () => {
  it('runs no more sessions at a time than its limit, and all of them in the end', async () => {
    const clock = new VirtualClock();
    const network = new MemoryNetwork({ clock, random: new SeededRandom('many') });
    const ids = Array.from({ length: 12 }, (_, i) => `n${i}`);
    const peers = ids.map(
      (id, i) =>
        new Peer({
          network: network.node(id),
          clock,
          ids: idsOf(i),
          dialects: [tinyDialect({ warmUp: 3 })],
          options: { maxSessions: 2 },
        }),
    );
    await Promise.all(peers.map(({ service }) => service.start()));
    for (const a of ids) for (const b of ids) if (a < b) network.connect(a, b, { latencyMs: 7 });
    await clock.advance(10);
    const running = peers.flatMap(({ service }) =>
      service.peers.map((peer) => service.reconcile(peer)),
    );
    let most = 0;
    for (let i = 0; i < 400; i++) {
      await clock.advance(10);
      most = Math.max(most, ...peers.map(({ held }) => held));
    }
    const reports = await soon(clock, 'each session ends', Promise.all(running), 0);
    assert.equal(reports.length, 12 * 11);
    for (const { error } of reports) assert.equal(error, null);
    assert.ok(most <= 4, 'two that we start and two that others start');
    for (const peer of peers) assert.equal(new Set(peer.learnt).size, 11);
    assert.equal(clock.pending, 0);
    await settle();
  });

  it('ends a long session for those that wait', async () => {
    const clock = new VirtualClock();
    const network = new MemoryNetwork({ clock, random: new SeededRandom('slow') });
    const patient = { maxSessions: 1, giveWayMs: 5_000, frameTimeoutMs: 600_000 };
    const make = (id: string, options = {}) =>
      new Peer({ network: network.node(id), clock, ids: idsOf(id.charCodeAt(0)), options });
    const [a, b] = [make('a', patient), make('b')];
    await Promise.all([a.service.start(), b.service.start()]);
    const mute = (channel: Channel) => channel.receive().then(() => new Promise<void>(() => {}));
    await network.node('mute').handle(PROTOCOL, mute, { ...LARGE, maxInbound: 1 });
    for (const peer of ['b', 'mute']) network.connect('a', peer);
    await clock.advance(10);
    const slow = a.service.reconcile('mute');
    await clock.advance(60_000);
    assert.equal(a.ended.length, 0, 'no session has ended');
    const quick = a.service.reconcile('b');
    await clock.advance(100);
    assert.equal((await soon(clock, 'each session ends', quick, 0)).error, null);
    const { error } = await soon(clock, 'each session ends', slow, 0);
    assert.equal(error?.code, 'TIMEOUT');
    assert.match(error!.message, /gave way/);
    await a.service.stop();
    await b.service.stop();
    assert.equal(a.held, 0);
  });

  it('gives the same trace for the same seed', async () => {
    const run = async () => {
      const clock = new VirtualClock();
      const lines: string[] = [];
      const random = new SeededRandom('trace');
      const network = new MemoryNetwork({ clock, random, trace: (line) => lines.push(line) });
      const ids = ['p', 'q', 'r', 's'];
      const peers = ids.map(
        (id, i) => new Peer({ network: network.node(id), clock, ids: idsOf(i, i + 1) }),
      );
      await Promise.all(peers.map(({ service }) => service.start()));
      const link = { latencyMs: 3, jitterMs: 9, meanUptimeMs: 200, meanDowntimeMs: 50 };
      for (const a of ids) for (const b of ids) if (a < b) network.connect(a, b, link);
      for (let i = 0; i < 20; i++) {
        await clock.advance(40);
        for (const { service } of peers) for (const peer of service.peers) service.reconcile(peer);
      }
      network.close();
      await clock.advance(60_000);
      return lines.join('\n');
    };
    const first = await run();
    assert.ok(first.includes('link down') && first.includes('reset') && first.includes('close'));
    assert.equal(await run(), first);
  });
});
