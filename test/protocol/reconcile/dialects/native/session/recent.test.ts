import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import type { Session } from '../../../../../../src/protocol/index.ts';
import { rootHint } from '../../../../../../src/protocol/reconcile/dialects/native/testing.ts';
import type { NativeRecord } from '../../../../../../src/protocol/reconcile/dialects/native/wire/index.ts';
import { decodeFrame } from '../../../../../../src/protocol/reconcile/dialects/native/wire/index.ts';
import {
  bytesToHex,
  concatBytes,
  INFINITE_BOUND,
  ZERO_BOUND,
} from '../../../../../../src/store/index.ts';
import { converse } from '../../../../../conformance/dialect.ts';
import { keysOf } from '../../../../../conformance/pairs.ts';
import { assertProperty } from '../../../../../support/property.ts';
import { SeededRandom } from '../../../../../support/random.ts';
import { carryOn, frameOf, malformed, opened, say, tagsOf, workOn } from '../puppet.ts';
import { historyOf, type OpenInit, open, openingOf, snapshotOf } from '../support.ts';

const all = keysOf(5, 1_500);
/** The order of arrival is not that of the keys. */
const sorted = [...snapshotOf(all).keys(0, all.length)];
const HELD = 1_250;
/** Sets of so few items are split as large ones are. */
const SMALL = { limits: { maxRangeItems: 200 } };
const held = all.slice(0, HELD);
const came = all.slice(HELD);
const theirs = { count: HELD, root: rootHint(snapshotOf(held).fingerprint(0, HELD), HELD) };
const unexpected = (message: RegExp) => ({ code: 'UNEXPECTED_FRAME', message });
const hex = (ids: readonly Uint8Array[]): string[] => ids.map(bytesToHex).sort();
const idsOf = (keys: readonly { readonly id: Uint8Array }[]) => keys.map(({ id }) => id);

interface Case {
  behind?: OpenInit;
  ahead?: OpenInit;
  /** Of the side that is behind. */
  role: Session['role'];
}

/** A session of a side that holds the first keys, with one that holds all and knows its history. */
function repaired({ behind = {}, ahead = {}, role }: Case) {
  const late = open(role, { keys: held, ...behind });
  const other = role === 'initiator' ? 'responder' : 'initiator';
  const full = open(other, { keys: all, history: historyOf(all, HELD), ...ahead });
  const { frames, missing } = converse(
    ...(role === 'initiator' ? ([late, full] as const) : ([full, late] as const)),
  );
  const records = frames.flatMap(({ frame }) => [...decodeFrame(frame)]);
  const bytes = frames.reduce((sum, { frame }) => sum + frame.length, 0);
  const told = tagsOf(records).includes('recent');
  return { late, full, frames, bytes, records, told, missing: hex(missing[role]) };
}

const ROLES = ['initiator', 'responder'] as const;

describe('a peer whose root is known', () => {
  it('is told what came since, in two round trips and 34 bytes an id, and both sides prove it', () => {
    for (const role of ROLES) {
      const { late, full, frames, bytes, told, missing } = repaired({ role, behind: SMALL });
      assert.ok(told);
      assert.deepEqual(missing, hex(idsOf(came)));
      assert.ok(frames.length <= 4, `${frames.length} frames`);
      assert.ok(bytes <= 34 * came.length, `${bytes} bytes`);
      for (const session of [late, full]) {
        assert.ok(session.finding!.proved);
        assert.equal(session.equal, false);
        assert.ok(session.differs);
        assert.equal(session.finding!.continueFrom, null);
      }
      assert.equal(late.finding!.theirs, came.length);
      assert.equal(full.finding!.mine, came.length);
    }
  });

  it('hears it whatever it answered before it knew', () => {
    const answers: [string, number, OpenInit][] = [
      ['want', 0, {}],
      ['list', 700, { limits: { maxMessageBytes: 1_024 } }],
      ['sketch', 1_490, {}],
      ['split', HELD, SMALL],
    ];
    for (const [tag, count, behind] of answers) {
      const ahead = { history: historyOf(all, count) };
      const keys = all.slice(0, count);
      const { late, records, missing } = repaired({
        role: 'responder',
        behind: { keys, ...behind },
        ahead,
      });
      assert.deepEqual(missing, hex(idsOf(all.slice(count))), tag);
      assert.ok(late.finding!.proved, tag);
      assert.equal(late.finding!.continueFrom, null, tag);
      assert.ok(tagsOf(records).includes(tag as NativeRecord['tag']), tag);
    }
  });

  it('gives up an answer that it has not sent', () => {
    const keys = all.slice(0, 700);
    const session = open('responder', { keys, limits: { maxMessageBytes: 1_024 } });
    session.start();
    const opening = openingOf(new SeededRandom('long'), { count: all.length });
    workOn(session, session.receive(frameOf(opening)));
    const told = { tag: 'recent', last: true, ids: concatBytes(...idsOf(came)) } as const;
    const tags = tagsOf(carryOn(session, session.receive(frameOf(told))));
    assert.equal(tags.at(-1), 'proof');
    assert.ok(tags.filter((tag) => tag === 'list').length < 3, tags.join());
  });

  it('is told in a later session where it puts all off', () => {
    const ahead = { limits: { maxRanges: 3 } };
    const { records, late, full } = repaired({ role: 'responder', behind: SMALL, ahead });
    assert.deepEqual(tagsOf(records), ['open', 'open', 'later', 'proof', 'proof']);
    for (const { finding } of [late, full]) assert.deepEqual(finding!.continueFrom, ZERO_BOUND);
  });

  it('is told of the interval alone that both sides accept', () => {
    // A responder names the root of what the initiator accepts, and not that of its own set.
    for (const [role, first] of [
      ['initiator', 600],
      ['responder', 0],
    ] as const) {
      const interval = { lower: sorted[first]!, upper: INFINITE_BOUND };
      const above = new Set(hex(idsOf(sorted.slice(first))));
      const { late, full, told, missing } = repaired({ role, ahead: { interval, whole: true } });
      assert.ok(told);
      assert.deepEqual(
        missing,
        hex(idsOf(came)).filter((id) => above.has(id)),
      );
      assert.deepEqual([late.finding!.proved, full.finding!.proved], [true, true]);
      assert.equal(full.finding!.interval.lower.hint, interval.lower.hint);
    }
  });

  it('is told in slices, also where no key that came lies in the interval', () => {
    const nothing = Array.from({ length: 64 }, () => new Uint8Array(0));
    const history = { since: () => ({ length: 65_536, ids: () => nothing }) };
    const session = open('responder', { keys: held, history, limits: { sliceItems: 4_096 } });
    session.start();
    let step = session.receive(frameOf(openingOf(new SeededRandom(7), { count: 5 })));
    let turns = 1;
    for (; step.pending === 'work' && turns < 1_000; turns++) step = session.proceed!(true);
    assert.ok(turns >= 16, `${turns} turns`);
  });

  it('is told nothing where both sides name one root of one interval', () => {
    const history = { since: () => ({ length: 1, ids: () => [came[0]!.id.slice()] }) };
    const { session, said } = opened('responder', { keys: held, history }, theirs);
    assert.ok(!tagsOf(said).includes('recent'));
    assert.equal(session.differs, false);
  });

  it('may refuse what it is told, and says so in its proof', () => {
    for (const role of ROLES) {
      const refuses = (id: Uint8Array): boolean => id[0]! < 128;
      const { full, late, missing } = repaired({ role, behind: { refuses } });
      assert.deepEqual(missing, hex(idsOf(came).filter((id) => !refuses(id))));
      assert.equal(full.finding!.refusedThere, came.length - missing.length);
      assert.ok(late.finding!.proved);
    }
  });

  it('is not told where a side surveys, gives nothing, or has another set', () => {
    const keys = all.slice(0, 60);
    const few = (role: Session['role'], behind: OpenInit, ahead: OpenInit) =>
      repaired({
        role,
        behind: { keys: keys.slice(0, 50), ...behind },
        ahead: { keys, history: historyOf(keys, 50), ...ahead },
      });
    for (const role of ROLES) {
      assert.equal(few(role, {}, {}).told, true);
      for (const [behind, ahead] of [
        [{ mode: 'survey' }, {}],
        [{}, { mode: 'survey' }],
        [{ gives: false, keys: [] }, {}],
        [{}, { gives: false, keys: [] }],
        [{ keys: keys.slice(1, 50) }, {}],
        [{ keys: keys.slice(0, 55) }, {}],
        [{}, { keys: keys.slice(1) }],
      ] as [OpenInit, OpenInit][]) {
        const { told, late, full } = few(role, behind, ahead);
        assert.equal(told, false);
        assert.ok(late.finding!.proved || late.finding!.continueFrom !== null);
        assert.ok(full.finding!.proved || full.finding!.continueFrom !== null);
      }
    }
  });

  it('ends a session in which more comes than it takes, from the begin of the interval on', () => {
    const session = opened('initiator', { keys: held, limits: { maxMissing: 3 } }).session;
    const ids = concatBytes(...idsOf(came.slice(0, 4)));
    say(session, { tag: 'recent', last: false, ids });
    assert.deepEqual(session.unsettledFrom, { hint: 0n, id: null });
    const more = { tag: 'recent', last: false, ids: came[4]!.id } as const;
    assert.throws(() => say(session, more), { code: 'BUDGET_SPENT' });
  });
});

describe('sessions with a history', () => {
  it('find exactly what differs, whatever it knows, and prove it', async () => {
    const drawn = fc.record({
      ahead: fc.nat(90),
      began: fc.nat(90),
      behind: fc.nat(90),
      apart: fc.constantFrom(0, 0, 1, 30),
      role: fc.constantFrom(...ROLES),
      maxMessageBytes: fc.constantFrom(1_024, 65_536),
      maxRangeItems: fc.constantFrom(8, 65_536),
    });
    await assertProperty(
      fc.property(drawn, ({ role, apart, ...sizes }) => {
        const { maxMessageBytes, maxRangeItems } = sizes;
        const limits = { maxMessageBytes, maxRangeItems };
        const keys = all.slice(0, sizes.ahead);
        const began = Math.min(sizes.began, sizes.ahead);
        const own = all.slice(90, 90 + apart);
        const shared = keys.slice(0, Math.min(sizes.behind, sizes.ahead));
        const { late, full, told, missing } = repaired({
          role,
          behind: { keys: [...shared, ...own], limits },
          ahead: { keys, history: historyOf(keys, began), limits },
        });
        assert.deepEqual(missing, hex(idsOf(keys.slice(shared.length))));
        assert.equal(full.finding!.theirs, apart);
        assert.ok(late.finding!.proved && full.finding!.proved);
        const known = shared.length >= began && (shared.length - began) % 10 === 0;
        assert.equal(told, known && apart === 0 && shared.length < keys.length);
      }),
    );
  });
});

describe('a peer that lies about what came since', () => {
  const recent = { tag: 'recent', last: true, ids: came[0]!.id } as const;

  it('learns no more than ids by the echo of a root, and proves nothing', () => {
    for (const role of ROLES) {
      const init = { keys: all, history: historyOf(all, HELD) };
      const { session, said } = opened(role, init, theirs);
      if (role === 'initiator') said.push(...say(session, { tag: 'want', ranges: 1 }));
      const told = said.flatMap((record) => (record.tag === 'recent' ? [record.ids] : []));
      assert.equal(concatBytes(...told).length, 32 * came.length);
      const proof = { tag: 'proof', digest: new Uint8Array(16), refused: 0 } as const;
      say(session, proof);
      assert.equal(session.finding!.proved, false);
      assert.equal(session.equal, false);
    }
  });

  it('is refused where it says something else to a side that tells', () => {
    const init = { keys: all, history: historyOf(all, HELD) };
    for (const [role, record] of [
      ['initiator', { tag: 'same', ranges: 1 }],
      ['initiator', recent],
      [
        'initiator',
        { tag: 'found', group: 0, last: true, gives: false, width: 2, prefixes: new Uint8Array(0) },
      ],
      ['responder', { tag: 'take', ranges: 1 }],
      ['responder', recent],
    ] as [Session['role'], NativeRecord][]) {
      const { session } = opened(role, init, theirs);
      if (role === 'initiator') say(session, { tag: 'want', ranges: 1 });
      assert.throws(() => say(session, record), { name: 'ProtocolError' }, record.tag);
    }
  });

  it('is refused where it tells too late, twice, or something else in between', () => {
    const initiator = () => opened('initiator', { keys: held }).session;
    const late = initiator();
    say(late, { tag: 'want', ranges: 1 });
    assert.throws(() => say(late, recent), unexpected(/after something else/));
    const twice = initiator();
    assert.throws(() => say(twice, recent, recent), malformed(/had told all/));
    for (const other of [
      { tag: 'piece', upper: null, ids: came[1]!.id },
      { tag: 'same', ranges: 1 },
      { tag: 'want', ranges: 1 },
    ] as NativeRecord[]) {
      const session = initiator();
      say(session, { ...recent, last: false });
      assert.throws(() => say(session, other), malformed(/and something else/));
    }
    const again = initiator();
    assert.throws(
      () => say(again, { ...recent, last: false }, recent),
      malformed(/listed for the second time/),
    );
    const proof = { tag: 'proof', digest: new Uint8Array(16), refused: 0 } as const;
    const early = initiator();
    assert.throws(() => say(early, { ...recent, last: false }, proof), unexpected(/it is not/));
  });

  it('is refused by a side that was done', () => {
    const session = open('responder', { keys: held });
    session.start();
    const said = say(session, openingOf(new SeededRandom('equal'), theirs));
    assert.deepEqual(tagsOf(said), ['open', 'same', 'proof']);
    assert.throws(() => say(session, recent), unexpected(/this side was done/));
  });
});
