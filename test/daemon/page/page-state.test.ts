import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { describe, it } from 'node:test';
import {
  adviceFor,
  INITIAL_STATE,
  incidentsOf,
  KEPT_ARRIVALS,
  KEPT_INCIDENTS,
  MAX_POINTS,
  type PageEvent,
  peersHolding,
  reduce,
  verdictOf,
} from '../../../src/daemon/page/state/index.ts';
import { changeAt, changesIn, proofOf, second, statusWith, syncedWith } from './state.ts';

const after = (events: readonly PageEvent[]) => events.reduce(reduce, INITIAL_STATE);
const arrivals = (from: number, to: number, epoch = 'e', skipped = 0): PageEvent => ({
  ...{ type: 'arrivals', epoch, newest: to - 1, skipped },
  entries: changesIn(from, to),
});
const look = (atMs: number, receivedBytes = 0): PageEvent => ({
  ...{ type: 'status', atMs },
  status: statusWith({ transfer: { receivedBytes, sentBytes: 0 } }),
});

describe('the state of the page', () => {
  it('shows arriving items with the newest first, up to a bound', () => {
    const { entries } = after([arrivals(1, 4), arrivals(4, 6)]).arrivals;
    assert.deepEqual(
      entries.map(({ seq }) => seq),
      [5, 4, 3, 2, 1],
    );
    for (const more of [0, 1]) {
      const full = after([
        arrivals(1, KEPT_ARRIVALS),
        arrivals(KEPT_ARRIVALS, KEPT_ARRIVALS + 1 + more),
      ]);
      assert.equal(full.arrivals.entries.length, KEPT_ARRIVALS);
      assert.equal(full.arrivals.entries[0]!.seq, KEPT_ARRIVALS + more);
    }
  });

  it('counts items that it passes over, and begins again with a new epoch', () => {
    const { arrivals: before } = after([
      arrivals(1, 2),
      arrivals(5, 6, 'e', 3),
      arrivals(9, 10, 'e', 3),
    ]);
    assert.equal(before.skipped, 6);
    const { arrivals: anew } = after([
      arrivals(1, 2),
      arrivals(5, 6, 'e', 3),
      arrivals(1, 2, 'other'),
    ]);
    assert.deepEqual([anew.skipped, anew.entries.length, anew.newest], [0, 1, 1]);
  });

  it('tells rates between two looks, and none across a restart or a new epoch', () => {
    const { points } = after([
      look(0),
      arrivals(1, 11),
      look(2_000, 100),
      arrivals(11, 31),
      look(4_000, 500),
      look(6_000, 0),
      arrivals(1, 3, 'other'),
      look(8_000, 0),
    ]);
    assert.deepEqual(
      points.map(({ itemsPerSecond }) => itemsPerSecond),
      [null, null, 10, 0, null],
    );
    assert.deepEqual(
      points.map(({ receivedPerSecond }) => receivedPerSecond),
      [null, 50, 200, null, 0],
    );
  });

  it('keeps so many points, the latest', () => {
    const looks = Array.from({ length: MAX_POINTS + 1 }, (_, i) => look(i * 1_000));
    assert.equal(after(looks.slice(1)).points.length, MAX_POINTS);
    const { points } = after(looks);
    assert.deepEqual(
      [points.length, points[0]!.at, points.at(-1)!.at],
      [MAX_POINTS, 1, MAX_POINTS],
    );
  });

  it('has each incident once, from events and from the status, the newest first', () => {
    const incident = (at: string, code: string) => ({ at, code, message: 'm' });
    const told = (at: string, code: string): PageEvent => ({
      type: 'told',
      line: { id: '1', type: 'incident', ...incident(at, code) },
    });
    const listed = [incident(second(1), 'READ_FAILED'), incident(second(3), 'COMMITS_LOST')];
    const status = statusWith({ incidents: listed });
    const { incidents } = after([
      told(second(3).replace('.000', '.007'), 'COMMITS_LOST'),
      { type: 'status', status, atMs: 0 },
      told(second(2), 'PEER_BANNED'),
    ]);
    assert.deepEqual(
      incidents.map(({ code }) => code),
      ['COMMITS_LOST', 'PEER_BANNED', 'READ_FAILED'],
    );
    const many = Array.from({ length: KEPT_INCIDENTS + 1 }, (_, i) => told(second(i), `CODE_${i}`));
    const kept = after(many).incidents;
    assert.deepEqual([kept.length, kept.at(-1)!.code], [KEPT_INCIDENTS, 'CODE_1']);
  });

  it('gives each incident the next step, and those that hold now come first', () => {
    const past = { at: second(0), code: 'READ_FAILED', message: 'm' };
    const now = { at: '', code: 'OF_A_LATER_VERSION', message: 'n' };
    const [first, second_] = incidentsOf([past], [now]);
    assert.deepEqual([first!.isCurrent, second_!.isCurrent], [true, false]);
    assert.match(first!.advice, /OF_A_LATER_VERSION/);
    assert.match(second_!.advice, /disk/);
  });

  it('has a next step of its own for each incident of the docs, and for each refusal of the store', async () => {
    const docs = await readFile(new URL('../../../docs/incidents.md', import.meta.url), 'utf8');
    const incidents = [...docs.matchAll(/^\| `([A-Z_]+)` \| [^|]*\bincident\b[^|]*\|/gm)];
    assert.ok(incidents.length > 15);
    const refusals = docs.split('\n## The store refuses a call\n')[1]!.split('\n## ')[0]!;
    const ofCalls = ['FEED_RESET', 'SNAPSHOT_EXPIRED', 'STORE_CLOSED'];
    const codes = [...incidents, ...refusals.matchAll(/^\| `([A-Z_]+)`/gm)]
      .map(([, code]) => code!)
      .filter((code) => !ofCalls.includes(code));
    assert.deepEqual(codes.filter((code) => adviceFor(code).includes(code)).join(' '), '');
  });

  it('forgets all data once the daemon asks for its token', () => {
    const state = after([look(0), arrivals(1, 3), { type: 'locked' }]);
    assert.deepEqual(state, { ...INITIAL_STATE, connection: { state: 'locked' } });
  });
});

describe('the verdict of the page', () => {
  const verdict = (events: readonly PageEvent[]) => verdictOf(after(events));
  const statusOf = (state: 'in-sync' | 'paused' | 'behind'): PageEvent => ({
    ...{ type: 'status', atMs: 0 },
    status: statusWith({ state, reason: `status says ${state}` }),
  });

  it('follows the proofs while these decide, and the status otherwise', () => {
    const synced = syncedWith({ state: 'behind', reason: 'proofs are old' });
    const events: PageEvent[] = [{ type: 'synced', synced }];
    assert.equal(verdict([statusOf('in-sync'), ...events]).reason, 'Proofs are old.');
    assert.equal(verdict([statusOf('paused'), ...events]).title, 'Paused');
    assert.equal(verdict([statusOf('behind')]).reason, 'Status says behind.');
  });

  it('keeps its words when proofs alone are renewed', () => {
    const synced = syncedWith({ peers: [proofOf('peer-a', null)] });
    const peers = [proofOf('peer-a', second(5))];
    const state = after([
      statusOf('in-sync'),
      { type: 'synced', synced },
      { type: 'proofs', peers },
    ]);
    assert.equal(verdictOf(state).title, 'In sync');
    assert.equal(state.synced!.peers, peers);
  });

  it('says when nothing is known, and why', () => {
    assert.equal(verdict([]).title, 'Connecting');
    assert.equal(verdict([statusOf('in-sync'), { type: 'locked' }]).title, 'Token needed');
    const lost = verdict([statusOf('in-sync'), { type: 'lost', reason: 'no answer came' }]);
    assert.deepEqual([lost.title, lost.reason, lost.tone], ['No answer', 'No answer came.', 'bad']);
    assert.equal(verdict([{ type: 'lost', reason: 'x' }, statusOf('in-sync')]).title, 'In sync');
  });

  it('shows a state of a later version under its own name', () => {
    const status = statusWith({ state: 'dreaming' as never });
    const shown = verdict([{ type: 'status', status, atMs: 0 }]);
    assert.deepEqual([shown.title, shown.tone], ['dreaming', 'off']);
  });
});

describe('peersHolding', () => {
  it('counts peers that sent the item, published it, or were equal after it came', () => {
    const item = changeAt(1, { at: second(10), from: 'sender', publisher: 'author' });
    const partly = proofOf('partly', second(11));
    const peers = [
      proofOf('sender', null),
      proofOf('author', null),
      proofOf('before', second(9)),
      proofOf('then', second(10)),
      proofOf('later', second(11)),
      { ...partly, equalAsOf: { ...partly.equalAsOf!, whole: false } },
    ];
    assert.equal(peersHolding(item, peers), 4);
    assert.equal(peersHolding({ ...item, at: null }, peers), 2);
  });
});
