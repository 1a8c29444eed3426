import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import {
  Explanations,
  type ExplanationsInit,
} from '../../../../src/daemon/node/explain/testing.ts';
import { SessionLog } from '../../../../src/daemon/replicator/testing.ts';
import type { SessionReport } from '../../../../src/protocol/index.ts';
import { INFINITE_BOUND, ZERO_BOUND } from '../../../../src/store/index.ts';
import { VirtualClock } from '../../../support/clock.ts';
import { sessionReport } from '../../../support/reports.ts';

const START = 1_700_000_000_000;
const ISO = new Date(START).toISOString();
const asked = { provedSince: null, waitMs: 0 };
const EVERYTHING = { lower: ZERO_BOUND, upper: INFINITE_BOUND };

/** Answers over parts that say what the test puts into them. */
function create(init: Partial<ExplanationsInit> = {}) {
  const parts = {
    log: new SessionLog(),
    running: [] as { peer: string; report: SessionReport | null }[],
    begun: [] as string[],
    cheap: true,
    records: [{ peer: 'p', connected: true, lastSession: sessionReport() }],
    coversAsOf: { at: START - 1_240, interval: EVERYTHING, whole: true },
    gap: { lasting: 2, since: START, unlisted: 1 },
  };
  const explain = new Explanations({
    clock: new VirtualClock(START),
    views: { inSync: () => false },
    node: {
      verdict: () => ({ state: 'behind', reason: 'r', lagSeconds: 1.2 }),
      peers: () => [{ peerId: 'p' }, { peerId: 'q' }],
    },
    mesh: { peerId: 'self', connections: { connected: (peer: string) => peer === 'mute' } },
    replicator: {
      log: parts.log,
      sessions: {
        get cheap() {
          return parts.cheap;
        },
        run: async (peer: string) => void parts.begun.push(peer),
      },
      get running() {
        return parts.running;
      },
      peers: {
        get: (peer: string) => parts.records.find((record) => record.peer === peer),
        connectedOnes: parts.records,
        terms: () => ({ gives: true, takes: true }),
      },
      wanted: { size: 3, orphans: 1, listed: () => 2 },
      fetcher: { refused: { held: 4 } },
      statements: {
        of: () => ({ coversAsOf: parts.coversAsOf, coversSinceAsked: START, equalAsOf: null }),
      },
      gaps: { of: () => parts.gap },
    },
    ...init,
  } as unknown as ExplanationsInit);
  return { explain, parts };
}

describe('the explanations of a node', () => {
  it('have the verdict, the counts, and the proofs and gaps of each peer', async () => {
    const { explain, parts } = create();
    const { signal } = new AbortController();
    const ask = () => explain.synced({ ...asked, maxLagSeconds: 10, renews: false, signal });
    const { peers, ...rest } = await ask();
    assert.deepEqual(rest, {
      state: 'behind',
      reason: 'r',
      lagSeconds: 1.2,
      synced: false,
      maxLagSeconds: 10,
      provedSince: null,
      wanted: 3,
      orphans: 1,
      refused: 4,
    });
    const interval = { lower: '0', upper: 'infinity' };
    assert.deepEqual(peers, [
      {
        peerId: 'p',
        inSync: false,
        coversAsOf: { at: new Date(START - 1_240).toISOString(), interval, whole: true },
        coversSinceAsked: ISO,
        equalAsOf: null,
        lagSeconds: 1.2,
        lacks: 2,
        lacksSince: ISO,
        unlisted: 1,
        gives: true,
        takes: true,
        error: null,
      },
    ]);
    parts.coversAsOf.interval = { ...EVERYTHING, lower: { hint: 5n, id: null } };
    assert.equal((await ask()).peers[0]!.lagSeconds, 1.2, 'it is all that both accept');
    parts.coversAsOf.whole = false;
    const [part] = (await ask()).peers;
    assert.deepEqual([part!.lagSeconds, part!.coversAsOf?.interval.lower], [null, '5']);
  });

  it('renew an old proof, unless a session would list many ids again', async () => {
    const { explain, parts } = create();
    const { signal } = new AbortController();
    const ask = () => explain.synced({ ...asked, maxLagSeconds: 1, renews: true, signal });
    parts.cheap = false;
    await ask();
    assert.deepEqual(parts.begun, []);
    parts.cheap = true;
    await Promise.all([ask(), ask()]);
    assert.deepEqual(parts.begun, ['p'], 'both askers share a session');
  });

  it('list the sessions that run or wait, and those that ended, with their purpose', () => {
    const { explain, parts } = create();
    const interval = EVERYTHING;
    const found = {
      interval,
      mine: 0,
      theirs: 0,
      refused: 0,
      refusedThere: 0,
      proved: true,
      whole: true,
    };
    const finding = { ...found, continueFrom: null, spent: null };
    parts.log.note(sessionReport({ equal: false, mode: 'survey', finding }));
    parts.log.note(sessionReport({ mode: 'survey', finding }));
    parts.log.note(sessionReport({ peer: 'q', finding: { ...finding, mine: 3 } }), 'compare');
    parts.running = [
      { peer: 'p', report: sessionReport({ startedAt: START }) },
      { peer: 'q', report: null },
    ];
    const { running, ended } = explain.sessions();
    assert.deepEqual(
      running.map(({ peerId, session }) => [peerId, session?.startedAt]),
      [
        ['p', ISO],
        ['q', undefined],
      ],
    );
    assert.deepEqual(
      ended.map(({ number, peerId, purpose, missingThere }) => [
        number,
        peerId,
        purpose,
        missingThere,
      ]),
      [
        [3, 'q', 'compare', 3],
        [2, 'p', 'survey', 0],
        [1, 'p', 'survey', null],
      ],
    );
    const { sessions, wanted, running: runs, lacks } = explain.peer('p');
    assert.deepEqual(
      [sessions.map(({ number }) => number), wanted, runs, lacks],
      [[2, 1], 2, true, 2],
    );
    assert.throws(() => explain.peer('nobody'), { code: 'UNKNOWN_PEER' });
    assert.throws(() => explain.peer('self'), { code: 'OWN_PEER' });
  });

  it('refuse a comparison with a peer that is paused or not connected, or shares no dialect', async () => {
    const { explain } = create();
    const range = { from: 0n, to: 1n, limit: 1 };
    await assert.rejects(explain.diff({ peerId: 'gone', ...range }), { code: 'UNKNOWN_PEER' });
    const own = { code: 'OWN_PEER', message: /^self is this node: give the id of another node/ };
    await assert.rejects(explain.diff({ peerId: 'self', ...range }), own);
    const mute = { code: 'DIALECT_CANNOT_TELL', message: /^mute is connected.*sync\.dialect$/ };
    await assert.rejects(explain.diff({ peerId: 'mute', ...range }), mute);
    const paused = { peers: { has: (peer: string) => peer === 'mute' } };
    const { explain: pausing } = create({ paused } as unknown as ExplanationsInit);
    await assert.rejects(pausing.diff({ peerId: 'mute', ...range }), { code: 'PAUSED' });
  });
});
