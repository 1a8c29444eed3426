import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import {
  type Interval,
  ProtocolError,
  type ReconcileEvents,
  type ReconcileOptions,
  type SessionMode,
  type SessionReport,
  SessionStop,
} from '../../../../src/protocol/index.ts';
import { type Bound, INFINITE_BOUND, ZERO_BOUND } from '../../../../src/store/index.ts';
import { VirtualClock } from '../../../support/clock.ts';
import { MemoryNetwork } from '../../../support/memory-network.ts';
import { SeededRandom } from '../../../support/random.ts';
import { soon } from '../../../support/soon.ts';
import { idsOf, Peer } from './reconcile-harness.ts';
import { OUTLINE, ToldDialect } from './told-dialect.ts';

const at = (hint: number): Bound => ({ hint: BigInt(hint), id: null });
const restFrom = (hint: number) => ({ lower: at(hint), upper: INFINITE_BOUND });
const everything = { lower: ZERO_BOUND, upper: INFINITE_BOUND };
const finding = (continueFrom: Bound | null, proved = true) => ({
  interval: everything,
  whole: true,
  mine: 1,
  theirs: 2,
  refused: 0,
  refusedThere: 0,
  proved,
  continueFrom,
  spent: continueFrom === null ? null : 'its bytes',
});
const outlines = (mode: SessionMode) => ({ ours: OUTLINE, theirs: { ...OUTLINE, mode } });

/** Two nodes with a dialect each that shows what the test says. */
async function setUp(
  init: {
    events?: Partial<ReconcileEvents>;
    options?: Partial<ReconcileOptions>;
    outlines?: boolean;
    accepts?: Interval;
  } = {},
) {
  const clock = new VirtualClock();
  const network = new MemoryNetwork({ clock, random: new SeededRandom('scopes') });
  const make = (name: string) => {
    const dialect = new ToldDialect({ outlines: init.outlines ?? true });
    const { events = {}, options = {}, accepts } = init;
    const node = { network: network.node(name), clock, ids: idsOf(1, 2) };
    const given = { ...node, options, events, ...(accepts && { accepts }) };
    return { dialect, peer: new Peer({ ...given, dialects: [dialect] }) };
  };
  const [a, b] = [make('a'), make('b')];
  await Promise.all([a, b].map(({ peer }) => peer.service.start()));
  network.connect('a', 'b', { latencyMs: 10 });
  await clock.advance(50);
  const session = (
    from: 'a' | 'b',
    scope?: Parameters<typeof a.peer.service.reconcile>[1],
  ): Promise<SessionReport> => {
    const { service } = (from === 'a' ? a : b).peer;
    const to = from === 'a' ? 'b' : 'a';
    const running = scope === undefined ? service.reconcile(to) : service.reconcile(to, scope);
    return soon(clock, 'the session ends', running, 15_000);
  };
  return { clock, network, a, b, session };
}

describe('a session that stopped short', () => {
  it('is continued by the next one, until one reaches the end, several times in a row', async () => {
    const { a, session } = await setUp();
    for (let round = 0; round < 2; round++) {
      for (const [asked, shown] of [
        [undefined, at(5)],
        [restFrom(5), at(8)],
        [restFrom(8), null],
        [undefined, null],
      ] as const) {
        a.dialect.showing = { finding: finding(shown) };
        const report = await session('a');
        assert.deepEqual(a.dialect.last.interval, asked ?? everything);
        assert.equal(a.dialect.last.whole, asked === undefined);
        assert.deepEqual(report.asked, asked ?? null);
        assert.deepEqual(report.continueFrom, shown);
        assert.equal(report.error?.code ?? null, shown === null ? null : 'BUDGET_SPENT');
      }
    }
  });

  it('is continued also when the peer began it; a peer session that ends keeps the bound', async () => {
    const { a, b, session } = await setUp();
    a.dialect.showing = { finding: finding(at(5)) };
    await session('b');
    a.dialect.showing = { finding: finding(null) };
    await session('b');
    await session('a');
    assert.deepEqual(a.dialect.last.interval, restFrom(5), 'what it looked at may be the rest');
    assert.deepEqual(b.dialect.last.interval, everything);
    await session('a');
    assert.deepEqual(a.dialect.last.interval, everything);
  });

  it('is begun anew after a session that failed, and when the peer was away', async () => {
    for (const role of ['a', 'b'] as const) {
      const { a, session } = await setUp();
      a.dialect.showing = { finding: finding(at(5)) };
      await session('a');
      a.dialect.showing = { error: new ProtocolError('MALFORMED_FRAME', 'broken') };
      await session(role);
      a.dialect.showing = {};
      await session('a');
      assert.deepEqual(a.dialect.last.interval, everything, `a failure of a session of ${role}`);
    }
    const { a, network, clock, session } = await setUp();
    a.dialect.showing = { finding: finding(at(5)) };
    await session('a');
    network.disconnect('a', 'b');
    network.connect('a', 'b');
    await clock.advance(50);
    await session('a');
    assert.deepEqual(a.dialect.last.interval, everything);
  });

  it('leaves no bound to continue from after a survey of either side, or with a scope', async () => {
    const { a, session } = await setUp();
    a.dialect.showing = { finding: finding(at(5)), outlines: outlines('survey') };
    await session('a');
    a.dialect.showing = { finding: finding(at(6)), outlines: outlines('reconcile') };
    await session('a', { mode: 'survey' });
    await session('a', { interval: restFrom(3) });
    assert.deepEqual(a.dialect.last.interval, restFrom(3));
    a.dialect.showing = { finding: finding(at(7)), outlines: outlines('reconcile') };
    await session('a');
    assert.deepEqual(a.dialect.last.interval, everything);
    await session('a');
    assert.deepEqual(a.dialect.last.interval, restFrom(7));
  });

  it('had its budget spent at a bound, or ran out of time above where it began', async () => {
    const { a, session } = await setUp({ options: { sessionTimeoutMs: 300 } });
    const spent = new ProtocolError('BUDGET_SPENT', 'all of it');
    a.dialect.showing = { error: new SessionStop(spent, { parting: null, from: at(4) }) };
    assert.deepEqual((await session('a')).continueFrom, at(4));
    const stopped = new ProtocolError('PEER_STOPPED', 'the peer did');
    a.dialect.showing = { error: new SessionStop(stopped, { parting: null, from: at(4) }) };
    assert.equal((await session('a')).continueFrom, null);
  });

  for (const [from, goesOn] of [
    [4, false],
    [5, false],
    [6, true],
  ] as const) {
    it(`in time ${goesOn ? 'goes on' : 'does not go on'} at ${from} where it began at 5`, async () => {
      const { a, b, session, clock } = await setUp({ options: { sessionTimeoutMs: 300 } });
      for (const { dialect } of [a, b]) {
        dialect.showing = { warmUp: 1_000, unsettledFrom: at(from) };
      }
      const report = await session('a', { interval: restFrom(5) });
      assert.equal(report.error?.code, 'TIMEOUT');
      assert.equal(report.durationMs, 300);
      assert.deepEqual(report.continueFrom, goesOn ? at(from) : null);
      assert.equal(clock.pending, 0);
    });
  }
});

describe('what a session has shown', () => {
  it('is an error when the finding is not proved, and the sets count as different', async () => {
    const differing: string[] = [];
    const { a, session } = await setUp({ events: { differs: (peer) => differing.push(peer) } });
    a.dialect.showing = { equal: true, finding: finding(null, false) };
    assert.equal((await session('a')).error?.code, 'UNPROVED');
    assert.ok(differing.includes('b'));
    a.dialect.showing = { equal: true, finding: finding(at(5), false) };
    assert.equal((await session('a')).error?.code, 'BUDGET_SPENT', 'no proof of the whole');
  });

  it('gives its efficiency, unless it stopped short', async () => {
    const { a, session } = await setUp();
    a.dialect.showing = { finding: finding(null) };
    const report = await session('a');
    const bytes = report.bytesSent + report.bytesReceived;
    assert.equal(report.efficiency, bytes / (3 * (32 + Math.log2(4 / 3) / 8)));
    a.dialect.showing = { finding: finding(at(5)) };
    assert.equal((await session('a')).efficiency, null);
    a.dialect.showing = { finding: null };
    assert.equal((await session('a')).efficiency, null);
  });

  it('reports a difference once: by the dialect, or after the first exchange', async () => {
    for (const [showing, times] of [
      [{ warmUp: 3 }, 1],
      [{ warmUp: 3, equal: true }, 0],
      [{ warmUp: 3, differs: true }, 1],
      [{ warmUp: 3, differs: false }, 0],
      [{ warmUp: 3, differs: true, equal: true }, 1],
    ] as const) {
      const differing: string[] = [];
      const { a, b, session } = await setUp({
        events: { differs: (peer) => differing.push(peer) },
      });
      a.dialect.showing = showing;
      b.dialect.showing = showing;
      await session('a');
      assert.equal(differing.filter((peer) => peer === 'b').length, times, JSON.stringify(showing));
      assert.equal(differing.filter((peer) => peer === 'a').length, times, 'and by the other side');
    }
  });

  it('holds the outlines and the survey, and reports the outlines once', async () => {
    const told: string[] = [];
    const { a, b, session } = await setUp({ events: { outlined: (peer) => told.push(peer) } });
    const survey = [{ ...everything, ours: 1, theirs: 2, differs: true }];
    a.dialect.showing = { warmUp: 2, outlines: outlines('reconcile'), survey };
    b.dialect.showing = { warmUp: 2 };
    for (let round = 1; round <= 2; round++) {
      const report = await session('a');
      assert.deepEqual([report.outlines, report.survey], [outlines('reconcile'), survey]);
      assert.deepEqual(told, Array(round).fill('b'));
    }
  });
});

describe('the mode of a session', () => {
  it('follows the outline of the peer, when the peer begins', async () => {
    let verdict: SessionMode = 'reconcile';
    const judged: unknown[] = [];
    const judge: ReconcileEvents['judge'] = (peer, { mode }) => {
      judged.push([peer, mode]);
      return verdict === 'reconcile';
    };
    const { a, b, session } = await setUp({ events: { judge } });
    for (verdict of ['survey', 'reconcile', 'survey'] as const) {
      await session('a');
      assert.equal(b.dialect.last.mode, verdict);
      assert.equal(b.peer.ended.at(-1)!.mode, verdict);
      assert.equal(a.dialect.last.mode, 'reconcile', 'its own sessions are not judged');
    }
    assert.deepEqual(judged, Array(3).fill(['a', 'reconcile']));
  });

  it('is to reconcile without a judge, and in dialects without outlines', async () => {
    for (const said of [true, false]) {
      const { a, b, session } = await setUp({ outlines: said });
      await session('a', { mode: 'survey' });
      assert.equal(
        a.dialect.last.mode,
        said ? 'survey' : 'reconcile',
        'what cannot be put off is settled',
      );
      assert.equal(b.dialect.last.mode, 'reconcile');
    }
  });

  it('lets a survey of everything join the running session, and no other survey', async () => {
    const { a, b, clock } = await setUp();
    for (const { dialect } of [a, b]) dialect.showing = { warmUp: 3 };
    const { service } = a.peer;
    const running = service.reconcile('b');
    await clock.advance(15);
    const survey = service.reconcile('b', { mode: 'survey' });
    const part = service.reconcile('b', { mode: 'survey', interval: restFrom(5) });
    const whole = service.reconcile('b', {});
    const [first, ...others] = await soon(
      clock,
      'all sessions end',
      Promise.all([running, survey, part, whole]),
    );
    assert.equal(others[0], first);
    assert.deepEqual(
      a.dialect.sessions.map(({ interval, mode }) => [interval?.lower, mode]),
      [
        [at(0), 'reconcile'],
        [at(5), 'survey'],
        [at(0), 'reconcile'],
      ],
    );
    assert.equal(a.peer.ended.length, 3);
  });
});

describe('a session of a set that accepts a part of the key space', () => {
  const accepts = { lower: at(3), upper: at(9) };

  it('is over the part in both roles, for each peer by itself', async () => {
    const { a, b, session } = await setUp({ accepts });
    await session('a');
    assert.deepEqual(
      [a, b].map(({ dialect }) => dialect.last.interval),
      [accepts, accepts],
    );
    assert.deepEqual([a.peer.servedPeers, b.peer.servedPeers], [['b'], ['a']]);
  });

  it('is over what was asked of it and is accepted', async () => {
    const { a, session } = await setUp({ accepts });
    for (const [interval, expected] of [
      [restFrom(5), { lower: at(5), upper: at(9) }],
      [
        { lower: at(1), upper: at(4) },
        { lower: at(3), upper: at(4) },
      ],
    ] as const) {
      const { asked } = await session('a', { interval });
      assert.deepEqual([a.dialect.last.interval, asked], [expected, interval]);
      assert.equal(a.dialect.last.whole, false);
    }
    assert.deepEqual((await session('a')).interval, accepts);
    assert.equal(a.dialect.last.whole, true, 'it is all that is accepted');
  });

  it('ends at once where the asked part has nothing that is accepted', async () => {
    const { a, b, session } = await setUp({ accepts });
    for (const hint of [9, 20]) {
      const { error, rounds } = await session('a', { interval: restFrom(hint) });
      assert.deepEqual([error?.code, rounds], ['NOTHING_IN_COMMON', 0]);
    }
    assert.deepEqual(
      [a, b].map(({ dialect }) => dialect.sessions.length),
      [0, 0],
    );
    assert.equal((await session('a')).error, null, 'the next session runs');
  });

  it('has advanced only above the lower end of the part', async () => {
    const options = { sessionTimeoutMs: 100, frameTimeoutMs: 100 };
    const { a, b, session } = await setUp({ accepts, options });
    for (const { dialect } of [a, b]) dialect.showing = { warmUp: 1_000, unsettledFrom: at(3) };
    assert.equal((await session('a')).continueFrom, null);
    a.dialect.showing = { warmUp: 1_000, unsettledFrom: at(4) };
    assert.deepEqual((await session('a')).continueFrom, at(4));
  });
});
