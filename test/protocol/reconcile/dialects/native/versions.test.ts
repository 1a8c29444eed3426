import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { nativeDialect, type SessionInit } from '../../../../../src/protocol/index.ts';
import {
  decodeFrame,
  encodeRecord,
} from '../../../../../src/protocol/reconcile/dialects/native/wire/index.ts';
import { INFINITE_BOUND, ZERO_BOUND } from '../../../../../src/store/index.ts';
import { converse } from '../../../../conformance/dialect.ts';
import { keysOf } from '../../../../conformance/pairs.ts';
import { SeededRandom } from '../../../../support/random.ts';
import { malformed, say } from './puppet.ts';
import { open, openingOf, snapshotOf } from './support.ts';

const keys = keysOf(1, 300);
const floor = { lower: { hint: keys[100]!.hint, id: null }, upper: INFINITE_BOUND };
const FLAGS = 1;

function first(init: Partial<SessionInit>) {
  const dialect = nativeDialect({ random: new SeededRandom('first'), version: 1 });
  return dialect.session({ role: 'initiator', snapshot: snapshotOf(keys), ...init });
}

describe('version 1 of the native dialect', () => {
  it('says neither what is all that a side accepts, nor how many ids it refuses', () => {
    const flags = (version: 1 | 2, whole: boolean): number => {
      const session = nativeDialect({ version }).session({
        role: 'initiator',
        snapshot: snapshotOf(keys),
        interval: floor,
        whole,
      });
      return session.start().frames[0]![FLAGS]!;
    };
    assert.deepEqual([flags(1, false), flags(1, true)], [2, 2]);
    assert.deepEqual([flags(2, false), flags(2, true)], [2, 10]);
    const proof = { tag: 'proof', digest: new Uint8Array(16), refused: 3 } as const;
    const [one, two] = [1, 2].map((version) => encodeRecord(proof, version as 1 | 2).slice());
    assert.deepEqual([one!.length, two!.length], [17, 18]);
    assert.deepEqual([...decodeFrame(one!, 1)], [{ ...proof, refused: 0 }]);
    assert.deepEqual([...decodeFrame(two!, 2)], [proof]);
  });

  it('refuses the flag of version 2', () => {
    for (const flags of [8, 11, 15]) {
      const opening = encodeRecord(openingOf(new SeededRandom(1), {}), 2).slice();
      opening[FLAGS] = flags;
      assert.throws(() => [...decodeFrame(opening, 1)], malformed(/the opening has flags/));
    }
  });

  it('takes an opening from zero to infinity for all that the side accepts', () => {
    for (const [interval, whole] of [
      [{ lower: ZERO_BOUND, upper: INFINITE_BOUND }, true],
      [floor, false],
      [{ lower: ZERO_BOUND, upper: floor.lower }, false],
    ] as const) {
      const opening = openingOf(new SeededRandom(1), { interval, whole: !whole });
      const outline = nativeDialect({ version: 1 }).outline!(encodeRecord(opening, 1).slice());
      assert.equal(outline!.whole, whole);
    }
  });

  it('is spoken with older nodes: one with a floor is equal with them by its own knowledge', () => {
    for (const [role, other] of [
      ['initiator', 'responder'],
      ['responder', 'initiator'],
    ] as const) {
      const limited = first({ role, interval: floor, whole: true });
      const old = first({ role: other });
      converse(...(role === 'initiator' ? ([limited, old] as const) : ([old, limited] as const)));
      assert.deepEqual([limited.equal, old.equal], [true, false]);
      assert.deepEqual(old.finding!.interval, floor);
    }
  });
});

describe('the count of refused ids in a proof', () => {
  it('is at most that of the ids that only the other side has', () => {
    for (const refused of [0, 2, 3]) {
      const random = new SeededRandom(refused);
      const session = open('initiator', { keys: keys.slice(0, 2) });
      session.start();
      say(session, openingOf(random, {}), { tag: 'want', ranges: 1 });
      const proof = { tag: 'proof', digest: random.bytes(16), refused } as const;
      if (refused > 2) {
        assert.throws(() => say(session, proof), malformed(/of 2 ids it refuses 3/));
        continue;
      }
      say(session, proof);
      assert.equal(session.finding!.refusedThere, refused);
    }
  });
});
