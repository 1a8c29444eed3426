import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { LINKS, nativeDialect, type SessionInit } from '../../../../../src/protocol/index.ts';
import { DEFAULT_NATIVE_LIMITS } from '../../../../../src/protocol/reconcile/dialects/native/index.ts';
import {
  decodeFrame,
  encodeRecord,
} from '../../../../../src/protocol/reconcile/dialects/native/wire/index.ts';
import { INFINITE_BOUND, ZERO_BOUND } from '../../../../../src/store/index.ts';
import { converse } from '../../../../conformance/dialect.ts';
import { keysOf } from '../../../../conformance/pairs.ts';
import { SeededRandom } from '../../../../support/random.ts';
import { malformed, say } from './puppet.ts';
import { historyOf, open, openingOf, snapshotOf } from './support.ts';

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

describe('version 2 of the native dialect', () => {
  it('refuses the records and the flag of version 3, and names its limits', () => {
    const cut = {
      tag: 'cut',
      count: 9,
      shift: 0,
      steps: [1n],
      digests: new Uint8Array(6),
    } as const;
    const record = encodeRecord(cut).slice();
    assert.deepEqual([...decodeFrame(record, 3)], [cut]);
    assert.throws(() => [...decodeFrame(record, 2)], malformed(/there is no record 21/));
    const opening = (version: 2 | 3, change = {}): Uint8Array =>
      encodeRecord(openingOf(new SeededRandom(1), change), version).slice();
    assert.deepEqual([opening(2).length - opening(3).length, opening(3)[FLAGS]], [12, 11]);
    const limits = { ...DEFAULT_NATIVE_LIMITS, maxGroups: 5 };
    const named = opening(3, { limits });
    assert.equal(named[FLAGS], 64 + 11);
    const [record3] = [...decodeFrame(named, 3)];
    assert.ok(record3?.tag === 'open');
    assert.equal(record3.opening.limits.maxGroups, 5);
    assert.throws(() => [...decodeFrame(named, 2)], malformed(/the opening has flags 75/));
  });

  it('splits with counts where version 3 cuts, and finds the same', () => {
    const all = keysOf(2, 9_000);
    const a = all.filter((_, i) => i !== 4_000);
    const bytes = ([1, 2, 3] as const).map((version) => {
      const dialect = nativeDialect({
        random: new SeededRandom('versions'),
        limits: { maxRangeItems: 1_000 },
        version,
      });
      const link = LINKS.lean;
      const initiator = dialect.session({ role: 'initiator', snapshot: snapshotOf(a), link });
      const responder = dialect.session({ role: 'responder', snapshot: snapshotOf(all), link });
      const { frames, missing } = converse(initiator, responder);
      assert.deepEqual(missing.initiator, [all[4_000]!.id]);
      assert.deepEqual([initiator.finding!.proved, responder.finding!.proved], [true, true]);
      const tags = frames.flatMap(({ frame }) => [...decodeFrame(frame, version)]);
      assert.equal(tags.filter(({ tag }) => tag === 'cut').length, version === 3 ? 1 : 0);
      return frames.reduce((sum, { frame }) => sum + frame.length, 0);
    });
    assert.deepEqual([bytes[1]! > 390, bytes[2]! < 280], [true, true], bytes.join());
  });
});

describe('version 3 of the native dialect', () => {
  it('refuses the record of version 4, and is not told what came since', () => {
    const recent = { tag: 'recent', last: true, ids: keys[0]!.id } as const;
    const record = encodeRecord(recent).slice();
    assert.deepEqual([...decodeFrame(record, 4)], [recent]);
    assert.throws(() => [...decodeFrame(record, 3)], malformed(/there is no record 43/));
    for (const version of [3, 4] as const) {
      const dialect = nativeDialect({ random: new SeededRandom('recent'), version });
      const ahead = { snapshot: snapshotOf(keys), history: historyOf(keys, 200) };
      const responder = dialect.session({ role: 'responder', ...ahead });
      const behind = snapshotOf(keys.slice(0, 200));
      const initiator = dialect.session({ role: 'initiator', snapshot: behind });
      const { frames, missing } = converse(initiator, responder);
      assert.equal(missing.initiator.length, 100);
      assert.ok(initiator.finding!.proved);
      const tags = frames.flatMap(({ frame }) => [...decodeFrame(frame, version)]);
      assert.equal(
        tags.some(({ tag }) => tag === 'recent'),
        version === 4,
      );
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
