import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { type KeyRange, WriteBuffer } from '../../../src/store/buffer/index.ts';
import { compareKeys, equalBytes, type ItemKey } from '../../../src/store/index.ts';
import { assertProperty } from '../../support/property.ts';
import { wideSum } from '../../support/wide-sum.ts';

/** So small that a few keys fill a tail, ripen and split parts. */
const SMALL = { scheme: wideSum, chunkItems: 2, groupChunks: 2, tailKeys: 8, dueKeys: 3 };

/** Below all keys of these tests. */
const LOWEST = key(0);

describe('pending keys of a write buffer', () => {
  it('are taken with those that were worked in, also when they are due', () => {
    let buffer = WriteBuffer.empty(SMALL).insert(keys(10, 20, 30, 40, 50, 60, 70, 80));
    for (const hint of [11, 21, 31, 41, 51, 61, 71, 81]) buffer = buffer.insert(keys(hint));
    buffer = buffer.insert(keys(12));
    assert.deepEqual(worked(buffer), [10, 11, 20, 21, 30, 31, 40, 50, 60, 70, 80]);
    const { keys: taken, rest } = buffer.take(LOWEST, 100);
    assert.deepEqual(
      hints(taken),
      [10, 11, 12, 20, 21, 30, 31, 40, 41, 50, 51, 60, 61, 70, 71, 80],
      'a key that is due is taken with its neighbours',
    );
    assert.deepEqual(hints(rest.keys(0, rest.size)), [81], 'a key above those is left');
  });

  it('leave with a range that is taken out, and stay outside it', () => {
    let buffer = WriteBuffer.empty(SMALL).insert(keys(10, 20, 30, 40, 50, 60, 70, 80));
    for (const hint of [11, 21, 31, 41, 51, 61, 71, 81, 12, 42]) buffer = buffer.insert(keys(hint));
    const rest = buffer.without({ first: key(11), last: key(71) });
    assert.deepEqual(hints(rest.keys(0, rest.size)), [10, 80, 81]);
    assert.equal(buffer.size, 18, 'the buffer before it holds what it held');
  });

  it('are inserted a piece with each batch, once enough are pending', () => {
    let buffer = WriteBuffer.empty(SMALL);
    const seen: number[] = [];
    for (let hint = 1; hint <= 12; hint++) {
      buffer = buffer.insert(keys(hint));
      seen.push(worked(buffer).length);
    }
    assert.deepEqual(seen, [0, 0, 0, 0, 0, 0, 0, 0, 3, 6, 8, 8]);
  });

  it('are all inserted at once when as many again have arrived meanwhile', () => {
    let buffer = WriteBuffer.empty({ ...SMALL, dueKeys: 1 });
    for (const some of [keys(1, 5), keys(2, 6, 7), keys(3, 4, 8)]) buffer = buffer.insert(some);
    assert.deepEqual(worked(buffer), []);
    buffer = buffer.insert(keys(11, 12, 13, 14, 15, 16, 17));
    assert.deepEqual(worked(buffer), [1], 'one short of a full tail');
    buffer = buffer.insert(keys(18));
    assert.deepEqual(worked(buffer), [1, 2, 3, 4, 5, 6, 7, 8]);
    buffer = buffer.insert(keys(19));
    assert.deepEqual(worked(buffer), [1, 2, 3, 4, 5, 6, 7, 8, 11]);
  });

  it('are inserted before a batch as large as the tail', () => {
    const waiting = WriteBuffer.empty(SMALL).insert(keys(5));
    const smaller = waiting.insert(keys(1, 2, 3, 4, 6, 7, 8));
    assert.deepEqual(worked(smaller), [], 'a smaller one waits');
    const large = waiting.insert(keys(1, 2, 3, 4, 6, 7, 8, 9));
    assert.deepEqual(worked(large), [1, 2, 3, 4, 5, 6, 7, 8, 9]);
    assert.equal(large.size, 9);
  });

  it('are copied from the arrays of the caller', () => {
    const given = [key(1), key(2)];
    const buffer = WriteBuffer.empty(SMALL).insert(given);
    for (const { id } of given) id.fill(9);
    assert.ok(buffer.has(key(1)) && buffer.has(key(2)));
  });

  it('form one sorted set with the inserted keys, after any sequence of calls', () => {
    const run = fc.record({
      tailKeys: fc.integer({ min: 1, max: 9 }),
      dueKeys: fc.integer({ min: 1, max: 4 }),
      steps: fc.array(steps, { minLength: 5, maxLength: 60 }),
    });
    assertProperty(
      fc.property(run, ({ tailKeys, dueKeys, steps }) => {
        const trial = new Trial(WriteBuffer.empty({ ...SMALL, tailKeys, dueKeys }));
        for (const step of steps) trial.run(step);
        trial.check();
      }),
      { numRuns: 300 },
    );
  });
});

type Step =
  | { readonly do: 'insert'; readonly hints: readonly number[] }
  | { readonly do: 'take'; readonly count: number }
  | { readonly do: 'without'; readonly from: number; readonly to: number }
  | { readonly do: 'ask' | 'sum' };

const hint = fc.integer({ min: 1, max: 200 });
const steps: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      do: fc.constant('insert' as const),
      hints: fc.uniqueArray(hint, { maxLength: 6 }),
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({
      do: fc.constant('take' as const),
      count: fc.integer({ min: 1, max: 9 }),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({ do: fc.constant('without' as const), from: hint, to: hint }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constantFrom('ask' as const, 'sum' as const) }) },
);

/** A buffer, the hints that must be in it, and all buffers before it. */
class Trial {
  #buffer: WriteBuffer;
  #model = new Set<number>();
  /** The last key taken, and what was there when going round began. */
  #round: { behind: ItemKey | null; left: Set<number> } | null = null;
  readonly #past: { readonly buffer: WriteBuffer; readonly model: Set<number> }[] = [];

  constructor(buffer: WriteBuffer) {
    this.#buffer = buffer;
  }

  run(step: Step): void {
    if (step.do === 'insert') this.#insert(step.hints);
    if (step.do === 'take') this.#take(step.count);
    if (step.do === 'without') this.#without(step.from, step.to);
    if (step.do === 'ask') compare(this.#buffer, this.#model);
    if (step.do === 'sum') this.#buffer = this.#buffer.sumSome();
    assert.equal(this.#buffer.size, this.#model.size);
    this.#past.push({ buffer: this.#buffer, model: new Set(this.#model) });
  }

  check(): void {
    for (const { buffer, model } of this.#past) compare(buffer, model);
  }

  #insert(numbers: readonly number[]): void {
    const fresh = numbers.filter((number) => !this.#model.has(number)).sort((a, b) => a - b);
    this.#buffer = this.#buffer.insert(fresh.map(key));
    for (const number of fresh) this.#model.add(number);
  }

  #take(count: number): void {
    this.#round ??= { behind: null, left: new Set(this.#model) };
    const { behind, left } = this.#round;
    // Either may be the first to ask, and then has to work in what waits.
    const asked = count % 2 === 0 ? this.#buffer.reach(behind, count) : undefined;
    const { keys: taken, rest } = this.#buffer.take(behind, count);
    const reach = asked === undefined ? this.#buffer.reach(behind, count) : asked;
    const [first, last] = [taken[0], taken.at(-1)];
    assert.deepEqual(
      reach,
      first === undefined ? null : { first, last },
      '`reach` says what `take` takes',
    );
    this.#buffer = rest;
    if (first === undefined || last === undefined) {
      assert.deepEqual([...left], [], 'going round came by every key there was');
      this.#round = null;
      return;
    }
    assert.ok(behind === null || compareKeys(first, behind) > 0, 'it goes on behind the last key');
    assert.deepEqual(hints(taken), within(this.#model, { first, last }), 'none is passed over');
    this.#remove(hints(taken));
    this.#round.behind = last;
  }

  #without(a: number, b: number): void {
    const range = { first: key(Math.min(a, b)), last: key(Math.max(a, b)) };
    this.#buffer = this.#buffer.without(range);
    this.#remove(within(this.#model, range));
  }

  #remove(numbers: readonly number[]): void {
    for (const number of numbers) {
      this.#model.delete(number);
      this.#round?.left.delete(number);
    }
  }
}

function compare(buffer: WriteBuffer, model: ReadonlySet<number>): void {
  const expected = [...model].sort((a, b) => a - b);
  assert.deepEqual(hints(buffer.keys(0, buffer.size)), expected);
  const state = wideSum.empty();
  wideSum.add(state, buffer.ids(0, buffer.size));
  assert.ok(equalBytes(buffer.fingerprint(0, buffer.size), state));
}

function within(model: ReadonlySet<number>, { first, last }: KeyRange): number[] {
  const inside = [...model].filter((number) => number >= first.hint && number <= last.hint);
  return inside.sort((a, b) => a - b);
}

/** The keys that were worked in: those that a search that goes on finds. */
function worked(buffer: WriteBuffer): number[] {
  const found: number[] = [];
  for (let range = buffer.reach(LOWEST, 1); range !== null; range = buffer.reach(range.last, 1)) {
    found.push(Number(range.first.hint));
    assert.ok(found.length <= buffer.size, 'a search that goes on comes to an end');
  }
  return found;
}

function key(hint: number): ItemKey {
  const id = new Uint8Array(32).fill(hint);
  return { hint: BigInt(hint), id };
}

function keys(...numbers: readonly number[]): ItemKey[] {
  return numbers.map(key);
}

function hints(some: Iterable<ItemKey>): number[] {
  return [...some].map(({ hint }) => Number(hint));
}
