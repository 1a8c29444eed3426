import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { ID_BYTES, type ItemKey } from '../../../../src/store/index.ts';
import { HEADER_BYTES, RecordError, seal } from '../../../../src/store/level/index.ts';
import {
  decodeLogEntry,
  decodeState,
  EMPTY_STATE,
  encodeLogEntry,
  encodeState,
  upgradeState,
} from '../../../../src/store/replica/records/index.ts';
import { assertProperty } from '../../../support/property.ts';

const keys = fc.record({
  hint: fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }),
  id: fc.uint8Array({ minLength: ID_BYTES, maxLength: ID_BYTES }),
});

describe('a log record', () => {
  it('decodes to the encoded entry, key by key and word by word', () => {
    const range = fc.record({ first: keys, last: keys });
    const entries = fc.record({ taken: fc.option(range), added: fc.array(keys, { maxLength: 4 }) });
    assertProperty(
      fc.property(entries, ({ taken, added }) => {
        const entry = decodeLogEntry(embedded(encodeLogEntry({ taken, added })));
        assert.deepEqual(plainRange(entry.taken), taken && plainRange(taken));
        assert.equal(entry.added.length, added.length);
        for (const [i, { hint, id }] of added.entries()) {
          const copy = new Uint8Array(ID_BYTES + 2);
          entry.added.copyId(i, copy, 1);
          assert.deepEqual(copy, Uint8Array.of(0, ...id, 0));
          assert.deepEqual(plain(entry.added.key(i)), plain({ hint, id }));
          assert.equal(entry.added.hintWord(i, 0), Number(hint % 2n ** 32n));
          assert.equal(entry.added.hintWord(i, 1), Number(hint / 2n ** 32n));
          assert.equal(
            entry.added.hint(i),
            Number(hint / 2n ** 32n) * 2 ** 32 + Number(hint % 2n ** 32n),
          );
        }
      }),
      { numRuns: 50 },
    );
  });

  it('is refused when its length does not match its number of keys', () => {
    const whole = encodeLogEntry({ taken: null, added: [key(1), key(2)] });
    assert.equal(decodeLogEntry(whole).added.length, 2);
    for (const length of [whole.length - 1, whole.length + 1, HEADER_BYTES]) {
      assert.throws(() => decodeLogEntry(resized(whole, length)), refused(/wrong length/));
    }
    assert.equal(decodeLogEntry(resized(whole, HEADER_BYTES + 8)).added.length, 0);
  });

  it('is refused when the merged range is missing', () => {
    const taken = { first: key(1), last: key(2) };
    const whole = encodeLogEntry({ taken, added: [] });
    assert.equal(decodeLogEntry(whole).added.length, 0);
    const short = resized(whole, whole.length - 40);
    assert.throws(() => decodeLogEntry(short), refused(/what was taken/));
    const odd = whole.slice();
    odd[HEADER_BYTES] = 2;
    assert.throws(() => decodeLogEntry(seal(odd)), refused(/what was taken/));
  });
});

describe('a state record', () => {
  const state = { ...EMPTY_STATE, commit: 9, logBegin: 8, trimBegin: 7, items: 6, bytes: 5 };

  it('decodes to the encoded state, each flag by itself', () => {
    for (const rebuilding of [false, true]) {
      for (const needsRefill of [false, true]) {
        const written = { ...state, rebuilding, needsRefill };
        assert.deepEqual(decodeState(encodeState(written)), written);
      }
    }
    assert.deepEqual(decodeState(encodeState(EMPTY_STATE)), EMPTY_STATE);
    const pruned = {
      ...state,
      arrivals: 6,
      arrivalsBegin: 4,
      floor: 2n ** 64n - 2n,
      believedAt: 77,
    };
    assert.deepEqual(decodeState(encodeState(pruned)), pruned);
  });

  it('may have an order of arrival that begins right behind the last place, and no later', () => {
    const begins = (arrivalsBegin: number) =>
      decodeState(encodeState({ ...state, arrivals: 6, arrivalsBegin })).arrivalsBegin;
    assert.deepEqual([begins(1), begins(7)], [1, 7]);
    for (const wrong of [0, 8]) assert.throws(() => begins(wrong), refused(/contradict/));
  });

  it('of an earlier schema gets the floor 0, and a place to begin with', () => {
    const before = { ...state, arrivals: 6, epoch: 5n, order: 4n };
    const upgraded = (numbers: number) =>
      decodeState(upgradeState(resized(encodeState(before), HEADER_BYTES + 8 * numbers)));
    assert.deepEqual(upgraded(9), before);
    assert.deepEqual(upgraded(6), { ...before, arrivals: 0, epoch: 0n, order: 0n });
    for (const numbers of [5, 7, 8, 10, 12])
      assert.throws(() => upgraded(numbers), refused(/wrong length/));
  });

  it('may have a log that begins right behind the last commit, and no later', () => {
    const begins = (logBegin: number, trimBegin: number) =>
      decodeState(encodeState({ ...state, logBegin, trimBegin }));
    assert.equal(begins(10, 10).logBegin, 10);
    assert.throws(() => begins(11, 10), refused(/contradict/));
    assert.throws(() => begins(9, 10), refused(/contradict/), 'trimming goes up to the log');
  });

  it('is refused with numbers that are too large, or a wrong length', () => {
    assert.equal(decodeState(encodeState({ ...state, bytes: 2 ** 53 - 1 })).bytes, 2 ** 53 - 1);
    assert.throws(
      () => decodeState(encodeState({ ...state, bytes: 2 ** 53 })),
      refused(/contradict/),
    );
    const whole = encodeState(state);
    for (const length of [whole.length - 8, whole.length + 8]) {
      assert.throws(() => decodeState(resized(whole, length)), refused(/wrong length/));
    }
  });
});

/** The same bytes inside a larger array, as a database may give them. */
function embedded(record: Uint8Array): Uint8Array {
  const larger = new Uint8Array(record.length + 24).fill(255);
  larger.set(record, 16);
  return larger.subarray(16, 16 + record.length);
}

/** Cut, or filled up with zeros, and with a checksum that matches. */
function resized(record: Uint8Array, length: number): Uint8Array {
  const other = new Uint8Array(length);
  other.set(record.subarray(0, length));
  return seal(other);
}

function refused(reason: RegExp): (error: unknown) => boolean {
  return (error) => error instanceof RecordError && reason.test(error.message);
}

function key(number: number): ItemKey {
  return { hint: BigInt(number), id: new Uint8Array(ID_BYTES).fill(number) };
}

function plain({ hint, id }: ItemKey): ItemKey {
  return { hint, id: Uint8Array.from(id) };
}

function plainRange(range: { first: ItemKey; last: ItemKey } | null): object | null {
  return range && { first: plain(range.first), last: plain(range.last) };
}
