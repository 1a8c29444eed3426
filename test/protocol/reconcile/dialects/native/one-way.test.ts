import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Session } from '../../../../../src/protocol/index.ts';
import {
  decodeFrame,
  encodeRecord,
} from '../../../../../src/protocol/reconcile/dialects/native/wire/index.ts';
import { bytesToHex, type ItemKey } from '../../../../../src/store/index.ts';
import { converse } from '../../../../conformance/dialect.ts';
import { keysOf } from '../../../../conformance/pairs.ts';
import { SeededRandom } from '../../../../support/random.ts';
import { malformed } from './puppet.ts';
import { type OpenInit, open, openingOf } from './support.ts';

const keys = keysOf(1, 40);
const FLAGS = 1;

const holder =
  (held: readonly ItemKey[]) =>
  (id: Uint8Array): boolean =>
    held.some((key) => bytesToHex(key.id) === bytesToHex(id));

/** Both sessions of a pair, the limited side in either role. */
function pairs(limited: OpenInit, other: OpenInit) {
  return (['initiator', 'responder'] as const).map((role) => {
    const initiator = open('initiator', role === 'initiator' ? limited : other);
    const responder = open('responder', role === 'initiator' ? other : limited);
    const { missing } = converse(initiator, responder);
    const sides: [Session, Session] =
      role === 'initiator' ? [initiator, responder] : [responder, initiator];
    return { limited: sides[0], other: sides[1], missing: missing[role] };
  });
}

describe('a side that gives nothing', () => {
  const silent = (held: readonly ItemKey[]): OpenInit => ({ gives: false, holds: holder(held) });

  it('says so, and neither side calls the sets equal, whatever they hold', () => {
    for (const [held, theirs] of [
      [keys, keys],
      [keys, keys.slice(30)],
      [keys, []],
      [[], []],
    ] as const) {
      for (const { limited, other } of pairs(silent(held), { keys: theirs })) {
        assert.deepEqual([limited.equal, other.equal], [false, false]);
        assert.equal(limited.outlines!.ours.gives, false);
        assert.equal(other.outlines!.theirs.gives, false);
        assert.deepEqual([limited.finding!.proved, other.finding!.proved], [true, true]);
      }
    }
  });

  it('wants what it does not hold, and counts what it holds as no refusal of its own', () => {
    for (const { limited, other, missing } of pairs(silent(keys.slice(10)), { keys })) {
      assert.deepEqual(missing.length, 10);
      const { theirs, refused } = limited.finding!;
      assert.deepEqual([theirs, refused], [40, 0]);
      const { mine, refusedThere } = other.finding!;
      assert.deepEqual([mine, refusedThere], [40, 30], 'ids that are not wanted there');
    }
  });
});

describe('a side that takes nothing', () => {
  const reader: OpenInit = { takes: false, refuses: () => true };

  it('is equal with the other side as long as there is nothing to take', () => {
    for (const [theirs, equal] of [
      [keys.slice(0, 20), true],
      [keys, false],
    ] as const) {
      for (const { limited, other } of pairs(
        { ...reader, keys: keys.slice(0, 20) },
        { keys: theirs },
      )) {
        assert.deepEqual([limited.equal, other.equal], [equal, equal]);
        assert.equal(other.outlines!.theirs.takes, false);
      }
    }
  });
});

describe('the flags of terms', () => {
  const openingWith = (change: Parameters<typeof openingOf>[1]) =>
    encodeRecord(openingOf(new SeededRandom(1), change), 2).slice();

  it('are 16 for a side that gives nothing, and 32 for a side that takes nothing', () => {
    for (const [terms, flags] of [
      [{}, 11],
      [{ gives: false }, 27],
      [{ takes: false }, 43],
      [{ gives: false, takes: false }, 59],
    ] as const) {
      const frame = openingWith(terms);
      assert.equal(frame[FLAGS], flags);
      const [first] = [...decodeFrame(frame, 2)];
      assert.equal(first!.tag, 'open');
      const { gives, takes } = (first as { opening: { gives: boolean; takes: boolean } }).opening;
      assert.deepEqual({ gives, takes }, { gives: true, takes: true, ...terms });
    }
    const unknown = openingWith({});
    unknown[FLAGS] = 64;
    assert.throws(() => [...decodeFrame(unknown, 2)], malformed(/the opening has flags 64/));
  });

  it('are of version 2 alone', () => {
    for (const flags of [16, 32]) {
      const frame = encodeRecord(openingOf(new SeededRandom(1), {}), 1).slice();
      frame[FLAGS] = flags;
      assert.throws(() => [...decodeFrame(frame, 1)], malformed(/the opening has flags/));
    }
  });

  it('do not go with a count of items', () => {
    const frame = openingWith({ gives: false, count: 1 });
    assert.throws(() => [...decodeFrame(frame, 2)], malformed(/gives nothing, and names 1 items/));
  });
});
