import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { bytesToKey, FeedResetError, StoreError, verifyItem } from '../../../../src/store/index.ts';
import { assertProperty } from '../../../support/property.ts';
import { SeededRandom } from '../../../support/random.ts';
import {
  type FaultStep,
  FaultyReplica,
  faultSteps,
  type PassStep,
  passSteps,
} from '../faulty-replica.ts';
import { idOf, KEYS } from '../in-memory.ts';
import { item } from '../support.ts';

/** A record that a power cut takes with it. */
type Ruin = 'nothing' | 'index' | 'item' | 'order';

type Step =
  /** So many new items are put, and perhaps the first of all again. */
  | { readonly do: 'put'; readonly count: number; readonly again: boolean; readonly wait: boolean }
  | FaultStep
  | PassStep
  | { readonly do: 'power'; readonly keep: number; readonly ruin: Ruin; readonly which: number }
  /** The consumer reads on, a page of so many entries. */
  | { readonly do: 'read'; readonly limit: number };

const steps: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 5,
    arbitrary: fc.record({
      do: fc.constant('put' as const),
      count: fc.integer({ min: 1, max: 9 }),
      again: fc.boolean(),
      wait: fc.boolean(),
    }),
  },
  { weight: 2, arbitrary: faultSteps(2) },
  { weight: 2, arbitrary: passSteps },
  {
    weight: 3,
    arbitrary: fc.record({
      do: fc.constant('power' as const),
      keep: fc.double({ min: 0, max: 1, noNaN: true }),
      ruin: fc.constantFrom<Ruin>('nothing', 'nothing', 'index', 'item', 'item', 'order'),
      which: fc.nat({ max: 30 }),
    }),
  },
  {
    weight: 4,
    arbitrary: fc.record({
      do: fc.constant('read' as const),
      limit: fc.integer({ min: 1, max: 8 }),
    }),
  },
);

/** A replica on a faulty disk, and a consumer of its order of arrival. */
class Trial {
  readonly #faulty = new FaultyReplica({ random: new SeededRandom('epochs') });
  #next = 0;
  #waiting: Promise<unknown>[] = [];
  /** What the consumer knows: the epoch, and the ids in it so far. */
  #epoch = '';
  #seen: string[] = [];
  #resets = 0;
  #orders = 0;

  open(): Promise<void> {
    return this.#faulty.open();
  }

  async run(step: Step): Promise<void> {
    if (step.do === 'put') await this.#put(step.count, step.again, step.wait);
    if (step.do === 'read') await this.#read(step.limit);
    if (step.do === 'fault' || step.do === 'pass') await this.#faulty.run(step);
    if (step.do === 'power') {
      this.#faulty.disk.cutPower(step.keep);
      this.#ruin(step.ruin, step.which);
      this.#waiting = [];
      await this.open();
      if (step.ruin === 'item') await this.#refill(step.which);
    }
  }

  /** Lets time pass; then the consumer has seen every held item once, in an epoch that is sound. */
  async check(): Promise<void> {
    this.#faulty.disk.refusals = 0;
    await this.#faulty.recover(this.#waiting);
    await this.#put(1, false, true);
    // Another consumer meets damage of places that this one has behind it.
    await this.#faulty.drive(this.#faulty.replica.arrivals(0, { limit: 1_000 }).catch(expected));
    await this.#faulty.drive(this.#faulty.replica.ready());
    for (let before = -1; before !== this.#seen.length; ) {
      before = this.#seen.length;
      await this.#read(5);
      if (this.#seen.length === 0) before = -1;
      if (this.#faulty.replica.lastArrival === 0) break;
    }
    assert.equal(this.#seen.length, this.#faulty.replica.lastArrival);
    const held = await this.#faulty.drive(this.#faulty.replica.list({ limit: 1_000 }));
    const seen = new Set(this.#seen);
    assert.ok(
      held.every(({ id }) => seen.has(bytesToKey(id))),
      'every held item is listed',
    );
    const { problems } = await this.#faulty.drive(this.#faulty.replica.verify());
    assert.deepEqual(problems, []);
    if (this.#orders === 0) assert.equal(this.#resets, 0, 'no epoch ends without a reason');
  }

  async close(): Promise<void> {
    await this.#faulty.drive(this.#faulty.replica.close());
  }

  async #put(count: number, again: boolean, wait: boolean): Promise<void> {
    const numbers = Array.from({ length: count }, () => this.#next++);
    const items = (again ? [0, ...numbers] : numbers).map((number) => item(number));
    const verified = items.map((one) => verifyItem({ ...one, id: idOf(one) }));
    const put = this.#faulty.replica.putVerified(verified, { source: 'peer' }).catch(expected);
    this.#waiting.push(put);
    if (wait) await this.#faulty.drive(put);
  }

  /** The consumer asks for what came since; it begins again where it is told so. */
  async #read(limit: number): Promise<void> {
    const init = { limit, ...(this.#epoch !== '' && { epoch: this.#epoch }) };
    try {
      const page = await this.#faulty.drive(this.#faulty.replica.arrivals(this.#seen.length, init));
      this.#epoch = page.last === 0 ? '' : page.epoch;
      for (const { seq, id } of page.entries) {
        const key = bytesToKey(id);
        assert.equal(seq, this.#seen.length + 1, 'no gap');
        assert.equal(this.#seen.includes(key), false, 'no repeat');
        this.#seen.push(key);
      }
    } catch (error) {
      expected(error);
      if (!(error instanceof FeedResetError)) return;
      this.#resets++;
      this.#epoch = error.epoch;
      this.#seen = [];
    }
  }

  #ruin(ruin: Ruin, which: number): void {
    if (ruin === 'index') this.#faulty.disk.ruin(KEYS.tree.meta);
    if (ruin === 'item')
      this.#faulty.disk.ruin(KEYS.item({ hint: BigInt(which), id: idOf(item(which)) }));
    if (ruin !== 'order' || this.#faulty.replica.lastArrival === 0) return;
    this.#orders++;
    const order = BigInt(`0x${this.#faulty.replica.epoch}`);
    for (const seq of [1, which]) this.#faulty.disk.ruin(KEYS.arrivals(order, seq));
  }

  /** The item is found missing, and comes back. */
  async #refill(which: number): Promise<void> {
    const one = item(which);
    await this.#faulty.drive(this.#faulty.replica.get(idOf(one)).catch(expected));
    await this.#faulty.drive(this.#faulty.replica.put([one]).catch(expected));
    this.#next = Math.max(this.#next, which + 1);
  }
}

function expected(error: unknown): void {
  assert.ok(error instanceof StoreError && error.message.length > 20, String(error));
}

describe('a consumer of the order of arrival', () => {
  it('sees every held item once in an epoch, over faults, power cuts, quarantine and rebuilds', async () => {
    const schedules = fc.array(steps, { minLength: 3, maxLength: 25 });
    await assertProperty(
      fc.asyncProperty(schedules, async (schedule) => {
        const trial = new Trial();
        await trial.open();
        for (const step of schedule) await trial.run(step);
        await trial.check();
        await trial.close();
      }),
      { numRuns: 60 },
    );
  });
});
