import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { nativeDialect } from '../../../../../src/protocol/index.ts';
import { DEFAULT_NATIVE_LIMITS } from '../../../../../src/protocol/reconcile/dialects/native/index.ts';
import type { NativeRecord } from '../../../../../src/protocol/reconcile/dialects/native/wire/index.ts';
import { decodeFrame } from '../../../../../src/protocol/reconcile/dialects/native/wire/index.ts';
import { converse } from '../../../../conformance/dialect.ts';
import { keysOf } from '../../../../conformance/pairs.ts';
import { SeededRandom } from '../../../../support/random.ts';
import { frameOf, opened, say, tagsOf } from './puppet.ts';
import { open, openingOf, snapshotOf } from './support.ts';

const random = new SeededRandom('limits');
const keys = keysOf(17, 2_000);
const at = (hint: number) => ({ hint: BigInt(hint), id: null });
const piece = (hint: number | null, ids: number): NativeRecord => ({
  tag: 'piece',
  upper: hint === null ? null : at(hint),
  ids: random.bytes(32 * ids),
});
const spent = (message: RegExp) => ({ code: 'BUDGET_SPENT', message });

describe('the budget of a native session', () => {
  /** A session that gets all that the peer has, in one piece after the other. */
  const receiving = (limits: object) => {
    const { session } = opened('initiator', { limits }, { count: 1e6 });
    say(session, { tag: 'all' });
    return session;
  };

  it('is maxRounds frames, and not one more', () => {
    const session = receiving({ maxRounds: 4 });
    say(session, piece(1, 1));
    say(session, piece(2, 1));
    assert.throws(() => say(session, piece(3, 1)), spent(/4 frames \(maxRounds\)/));
  });

  it('is maxBytes bytes, and not one more', () => {
    const opening = openingOf(random, { count: 1e6 });
    const before = frameOf(opening).length + frameOf({ tag: 'all' }).length;
    const each = frameOf(piece(1, 1)).length;
    for (const [bytes, fits] of [
      [before + 2 * each, true],
      [before + 2 * each - 1, false],
    ] as const) {
      const session = open('initiator', { limits: { maxBytes: bytes } });
      session.start();
      say(session, opening);
      say(session, { tag: 'all' }, piece(1, 1));
      if (fits) say(session, piece(2, 1));
      else assert.throws(() => say(session, piece(2, 1)), spent(/bytes \(maxBytes\)/));
    }
  });

  it('is maxMissing ids, give or take a frame, while they come in full', () => {
    for (const [ids, fits] of [
      [10, true],
      [11, false],
    ] as const) {
      const session = receiving({ maxMissing: 10 });
      say(session, piece(1, ids));
      if (fits) say(session, piece(2, 1));
      else
        assert.throws(
          () => say(session, piece(2, 1)),
          spent(/more than 10 ids are missing \(maxMissing\)/),
        );
    }
  });

  it('is twice maxMissing ids where they do not come in full', () => {
    for (const [ids, fits] of [
      [20, true],
      [21, false],
    ] as const) {
      const session = receiving({ maxMissing: 10 });
      say(session, piece(null, ids));
      const proof: NativeRecord = { tag: 'proof', digest: random.bytes(16), refused: 0 };
      if (fits) say(session, proof);
      else assert.throws(() => say(session, proof), spent(/maxMissing/));
    }
  });

  it('spent on items read or ids missing puts off what is left, and says on which', () => {
    const split = (parts: number): NativeRecord => ({
      tag: 'split',
      parts: Array.from({ length: parts }, (_, i) => ({
        upper: i === parts - 1 ? null : { hint: keys[30 * (i + 1)]!.hint, id: null },
        count: 30,
        digest: random.bytes(5),
      })),
    });
    const { session } = opened('initiator', { keys, limits: { maxVisitedItems: 50 } });
    // Counting what is there costs 64 for each part, so the budget is spent when the first is settled.
    const [take, later] = say(session, split(4));
    assert.deepEqual(
      [take, later],
      [
        { tag: 'take', ranges: 1 },
        { tag: 'later', ranges: 3 },
      ],
    );
    assert.deepEqual(session.unsettledFrom, at(0));
    const rich = opened('initiator', { keys, limits: { maxVisitedItems: 1e6 } });
    assert.ok(say(rich.session, split(4)).every(({ tag }) => tag !== 'later'));
  });

  it('puts off the rest when more missing ids come than it allows, and not when it is just reached', () => {
    for (const [ids, said] of [
      [10, 'take'],
      [11, 'later'],
    ] as const) {
      const { session } = opened('initiator', { keys, limits: { maxMissing: 10 } });
      const part = (upper: bigint | null, count: number) => ({
        upper: upper === null ? null : { hint: upper, id: null },
        ...{ count, digest: random.bytes(5) },
      });
      const first = say(session, {
        tag: 'split',
        parts: [part(keys[0]!.hint, 20), part(null, 2_000)],
      });
      assert.deepEqual(tagsOf(first), ['want', 'take', 'sketch']);
      say(session, { tag: 'all' }, piece(null, ids), { tag: 'fail', group: 0, differences: 9 });
      const parts = [part(keys[30]!.hint, 30), part(keys[1_970]!.hint, 1_940), part(null, 30)];
      const again = say(session, { tag: 'split', parts });
      assert.equal(again[0]?.tag, said, `${ids} ids were missing`);
      if (ids > 10) assert.deepEqual(again[0], { tag: 'later', ranges: 3 });
    }
  });

  it('names the one that was spent in what it found', () => {
    const lacks = keys.filter((_, i) => i % 50 > 0);
    const initiator = open('initiator', {
      keys,
      limits: { maxVisitedItems: 1, maxRangeItems: 100 },
    });
    const responder = open('responder', { keys: lacks, limits: { maxRangeItems: 100 } });
    converse(initiator, responder);
    assert.equal(initiator.finding!.spent, '1 items read (maxVisitedItems)');
    assert.equal(responder.finding!.spent, 'a budget of the peer');
    assert.notEqual(initiator.finding!.continueFrom, null);
    assert.deepEqual(initiator.finding!.continueFrom, responder.finding!.continueFrom);
    const rest = open('initiator', { keys, limits: { maxRangeItems: 100 } });
    const narrow = open('responder', {
      keys: lacks,
      limits: { maxRangeItems: 100, maxRanges: 16 },
    });
    converse(rest, narrow);
    assert.match(rest.finding!.spent ?? '', /16 ranges await it \(maxRanges\)/);
  });
});

describe('a frame of the native dialect', () => {
  it('is taken up to maxInboundBytes', () => {
    for (const [length, code] of [
      [2_000, 'MALFORMED_FRAME'],
      [2_001, 'FRAME_TOO_LARGE'],
    ] as const) {
      const session = open('responder', { limits: { maxInboundBytes: 2_000 } });
      session.start();
      assert.throws(() => session.receive(new Uint8Array(length)), { code });
    }
  });

  it('is at most as long as the peer takes, and 64 KiB', () => {
    const lengths = (limits: object, maxInboundBytes: number) => {
      const session = open('responder', { keys, limits });
      session.start();
      const peer = { limits: { ...DEFAULT_NATIVE_LIMITS, maxInboundBytes }, count: 0 };
      const found: number[] = [];
      let step = session.receive(frameOf(openingOf(random, peer)));
      for (let turns = 0; turns < 1_000; turns++) {
        found.push(...step.frames.map(({ length }) => length));
        if (step.pending === undefined) return Math.max(...found);
        step = session.proceed!(true);
      }
      return assert.fail('it works for ever');
    };
    for (const [mine, theirs, most] of [
      [65_536, 1_024, 1_024],
      [1_024, 65_536, 1_024],
      [10_000, 5_000, 5_000],
      [1e6, 1e6, 65_536],
    ] as const) {
      const longest = lengths({ maxMessageBytes: mine }, theirs);
      assert.ok(longest <= most && longest > 0.9 * most, `${longest} of ${most}`);
    }
  });

  it('is too short to speak if the peer takes less than a kilobyte', () => {
    for (const name of ['maxMessageBytes', 'maxInboundBytes']) {
      assert.throws(() => open('initiator', { limits: { [name]: 1_023 } }), {
        code: 'INVALID_LIMIT',
        message: `${name} is 1024 or more, not 1023: below it a session may not end`,
      });
      open('initiator', { limits: { [name]: 1_024 } });
    }
  });

  it('that does not open is no outline', () => {
    const dialect = nativeDialect({ random });
    assert.equal(dialect.outline!(frameOf({ tag: 'all' })), null);
    assert.equal(dialect.outline!(frameOf(openingOf(random, { count: 3 })))!.count, 3);
    const session = dialect.session({
      role: 'initiator',
      snapshot: snapshotOf(keys),
      limits: { maxInboundBytes: 5_000 },
    });
    const [record] = decodeFrame(session.start().frames[0]!);
    assert.ok(record?.tag === 'open');
    assert.equal(record.opening.limits.maxInboundBytes, 5_000);
    assert.equal(record.opening.limits.maxRanges, 65_536);
  });
});
