import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { EVERYTHING } from '../../../../src/protocol/index.ts';
import { VirtualClock } from '../../../support/clock.ts';
import { MemoryNetwork } from '../../../support/memory-network.ts';
import { SeededRandom } from '../../../support/random.ts';
import { soon } from '../../../support/soon.ts';
import { tinyDialect } from '../../../support/tiny-dialect.ts';
import { assertQuiet, pair } from './pair.ts';
import { Peer } from './reconcile-harness.ts';

describe('ReconcileService: one session', () => {
  it('finds the missing ids of both sides, and reports them', async () => {
    const both = await pair();
    const { clock, a, b } = both;
    const running = a.service.reconcile('b');
    await clock.advance(1_000);
    const report = await soon(clock, 'each session ends', running, 0);
    assert.deepEqual(
      { ...report, bytesSent: 0, bytesReceived: 0 },
      {
        peer: 'b',
        role: 'initiator',
        dialect: 'tiny',
        startedAt: report.startedAt,
        asOf: report.startedAt,
        durationMs: 20,
        rounds: 1,
        bytesSent: 0,
        bytesReceived: 0,
        missing: 1,
        equal: false,
        equalExcept: 0,
        version: 7,
        finding: null,
        asked: null,
        interval: EVERYTHING,
        mode: 'reconcile',
        outlines: null,
        survey: [],
        efficiency: null,
        continueFrom: null,
        error: null,
      },
    );
    assert.equal(report.bytesSent, 97);
    assert.equal(report.bytesReceived, 65);
    assert.deepEqual([a.learnt, b.learnt], [[4], [1, 2]]);
    assert.deepEqual(a.ended, [report]);
    assert.deepEqual(
      b.ended.map(({ peer, role, rounds, missing, error }) => ({
        peer,
        role,
        rounds,
        missing,
        error,
      })),
      [{ peer: 'a', role: 'responder', rounds: 1, missing: 2, error: null }],
    );
    assertQuiet(both);
  });

  it('lists the connected peers, and forgets those that left', async () => {
    const { clock, network, a } = await pair();
    assert.deepEqual(a.service.peers, ['b']);
    network.disconnect('a', 'b');
    assert.deepEqual(a.service.peers, []);
    network.connect('a', 'b');
    await clock.advance(100);
    assert.deepEqual(a.comings, ['+b', '-b', '+b']);
  });

  it('speaks the first dialect that both know', async () => {
    const clock = new VirtualClock();
    const network = new MemoryNetwork({ clock, random: new SeededRandom(1) });
    const named = (names: string[]) => names.map((name) => tinyDialect({ name }));
    const make = (id: string, names: string[]) =>
      new Peer({ network: network.node(id), clock, ids: [], dialects: named(names) });
    const [a, b, c] = [make('a', ['x', 'y', 'z']), make('b', ['z', 'y']), make('c', ['w'])];
    await Promise.all([a, b, c].map(({ service }) => service.start()));
    network.connect('a', 'b');
    network.connect('a', 'c');
    await clock.advance(10);
    const running = [a.service.reconcile('b'), a.service.reconcile('c')];
    await clock.advance(100);
    const [known, unknown] = await soon(clock, 'each session ends', Promise.all(running), 0);
    assert.equal(known?.dialect, 'y');
    assert.equal(known?.equal, true);
    assert.equal(unknown?.error?.code, 'UNKNOWN_PEER');
    assert.deepEqual(a.service.peers, ['b']);
  });

  it('never mixes two networks', async () => {
    const clock = new VirtualClock();
    const network = new MemoryNetwork({ clock, random: new SeededRandom(1) });
    const make = (id: string, networkName: string) =>
      new Peer({ network: network.node(id), clock, ids: [], networkName });
    const peers = [make('a', 'x'), make('b', 'x/tiny'), make('c', 'X')];
    await Promise.all(peers.map(({ service }) => service.start()));
    network.connect('a', 'b');
    network.connect('a', 'c');
    await clock.advance(100);
    assert.deepEqual(
      peers.map(({ service }) => service.peers.length),
      [0, 0, 0],
    );
    assert.throws(() => make('d', ''), { code: 'INVALID_NETWORK_NAME' });
    assert.throws(() => make('d', 'x'.repeat(65)), { code: 'INVALID_NETWORK_NAME' });
    assert.throws(() => make('d', '\ud800'), { code: 'INVALID_NETWORK_NAME' });
  });

  it('joins the session that runs, on either side', async () => {
    const both = await pair({ warmUp: 5 });
    const { clock, a, b } = both;
    const first = a.service.reconcile('b');
    await clock.advance(45);
    const joined = [a.service.reconcile('b'), b.service.reconcile('a')] as const;
    await clock.advance(1_000);
    assert.equal(
      await soon(clock, 'each session ends', joined[0], 0),
      await soon(clock, 'each session ends', first, 0),
    );
    assert.equal((await soon(clock, 'each session ends', joined[1], 0)).role, 'responder');
    assert.deepEqual([a.ended.length, b.ended.length], [1, 1]);
    assertQuiet(both);
  });
});
