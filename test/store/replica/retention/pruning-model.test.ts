import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import type { NewItem, Replica } from '../../../../src/store/index.ts';
import { assertProperty } from '../../../support/property.ts';
import { idOf, MemorySet } from '../in-memory.ts';
import { item } from '../support.ts';
import { heldHints } from './support.ts';

/** Hints are scattered and shared; the numbers of items are their order of arrival. */
const HINTS = 90;

type Step =
  | { readonly do: 'put'; readonly count: number; readonly at: number }
  | { readonly do: 'raise'; readonly floor: number }
  | { readonly do: 'prune'; readonly below: number; readonly items: number }
  /** Merges go on. */
  | { readonly do: 'pass' }
  | { readonly do: 'reopen' }
  /** A snapshot is taken that the next steps must not change. */
  | { readonly do: 'look' };

const hint = fc.nat({ max: HINTS });
const steps: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 5,
    arbitrary: fc.record({
      do: fc.constant('put' as const),
      count: fc.integer({ min: 1, max: 24 }),
      at: hint,
    }),
  },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('raise' as const), floor: hint }) },
  {
    weight: 4,
    arbitrary: fc.record({
      do: fc.constant('prune' as const),
      below: hint,
      items: fc.integer({ min: 1, max: 9 }),
    }),
  },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('pass' as const) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('reopen' as const) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('look' as const) }) },
);

/** A set and all that it should hold. */
class Modelled {
  readonly set: MemorySet = new MemorySet();
  replica!: Replica;
  held: NewItem[] = [];
  floor = 0;
  #next = 0;
  #looks: (() => void)[] = [];

  async run(step: Step): Promise<void> {
    if (step.do === 'put') await this.#put(step.count, step.at);
    else if (step.do === 'raise') await this.#raise(step.floor);
    else if (step.do === 'prune') await this.#prune(step.below, step.items);
    else if (step.do === 'pass') await this.set.clock.advance(50);
    else if (step.do === 'look') this.#look();
    else {
      await this.close();
      await this.open();
    }
  }

  async open(): Promise<void> {
    this.replica = await this.set.reopen();
  }

  async close(): Promise<void> {
    for (const look of this.#looks.splice(0)) look();
    await this.replica.close();
  }

  async #put(count: number, at: number): Promise<void> {
    const fresh = Array.from({ length: count }, (_, i) => {
      const hint = BigInt(Math.max(this.floor, (at + 7 * i) % HINTS));
      return { hint, payload: item(this.#next++).payload };
    });
    await this.put(fresh);
    this.held.push(...fresh);
  }

  /** A full buffer is merged as time passes. */
  async put(items: readonly NewItem[]): Promise<void> {
    let done = false;
    const put = this.replica.put(items).finally(() => {
      done = true;
    });
    while (!done) await this.set.clock.advance(1);
    await put;
  }

  async #raise(floor: number): Promise<void> {
    await this.replica.retention.raise(BigInt(floor));
    this.floor = Math.max(this.floor, floor);
  }

  async #prune(below: number, items: number): Promise<void> {
    const bound = BigInt(Math.min(below, this.floor));
    const old = this.held.filter(({ hint }) => hint < bound).length;
    const removed = await this.replica.retention.prune(BigInt(below), items);
    assert.equal(removed, Math.min(old, items));
    // Which of those with one hint go first is up to their ids: the set is asked.
    const still = heldHints(this.replica);
    assert.equal(still.length, this.held.length - removed);
    const gone = this.held.filter((one) => !this.replica.contains(idOf(one)));
    assert.equal(gone.length, removed);
    const rest = this.held.filter((one) => !gone.includes(one));
    const highest = gone.reduce((high, { hint }) => (hint > high ? hint : high), 0n);
    assert.ok(
      rest.every(({ hint }) => hint >= highest),
      'the lowest go first',
    );
    this.held = rest;
  }

  #look(): void {
    const snapshot = this.replica.snapshot();
    const { size } = snapshot;
    const before = { size: this.held.length, fingerprint: snapshot.fingerprint(0, size) };
    this.#looks.push(() => {
      assert.deepEqual(
        { size: [...snapshot.keys(0, size)].length, fingerprint: snapshot.fingerprint(0, size) },
        before,
      );
      snapshot.release();
    });
  }
}

describe('a set of which items are pruned', () => {
  it('holds what a model says, and is sound, whatever comes between', async () => {
    const runs = fc.array(steps, { minLength: 4, maxLength: 24 });
    await assertProperty(
      fc.asyncProperty(runs, async (run) => {
        const modelled = new Modelled();
        await modelled.open();
        try {
          for (const step of run) await modelled.run(step);
          const { held, replica } = modelled;
          const hints = held.map((one) => Number(one.hint)).sort((a, b) => a - b);
          assert.deepEqual(heldHints(replica), hints);
          const { ok, problems } = await replica.verify();
          assert.deepEqual({ ok, problems }, { ok: true, problems: [] });
          const fresh = new Modelled();
          await fresh.open();
          await fresh.put(held);
          assert.deepEqual(replica.status().fingerprint, fresh.replica.status().fingerprint);
          await fresh.close();
        } finally {
          await modelled.close();
        }
      }),
      { numRuns: 60 },
    );
  });
});
