import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import {
  bytesToKey,
  FeedResetError,
  Replica,
  StoreError,
  verifyItem,
} from '../../../../src/store/index.ts';
import { VirtualClock } from '../../../support/clock.ts';
import { FakeDisk } from '../../../support/fake-disk.ts';
import { type Fault, FaultyDisk } from '../../../support/faulty-disk.ts';
import { assertProperty } from '../../../support/property.ts';
import { SeededRandom } from '../../../support/random.ts';
import { wideSum } from '../../../support/wide-sum.ts';
import { idOf, KEYS } from '../in-memory.ts';
import { item } from '../support.ts';

/** A record that a power cut takes with it. */
type Ruin = 'nothing' | 'index' | 'item' | 'order';

type Step =
  /** So many new items are put, and perhaps the first of all again. */
  | { readonly do: 'put'; readonly count: number; readonly again: boolean; readonly wait: boolean }
  /** The next batch fails, and so do the next openings. */
  | { readonly do: 'fault'; readonly fault: Fault; readonly refusals: number }
  | { readonly do: 'pass'; readonly ms: number }
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
  {
    weight: 2,
    arbitrary: fc.record({
      do: fc.constant('fault' as const),
      fault: fc.constantFrom<Fault>('lost', 'landed'),
      refusals: fc.nat({ max: 2 }),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({ do: fc.constant('pass' as const), ms: fc.nat({ max: 5_000 }) }),
  },
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

/** Longer than any time between two attempts to open the database. */
const LONG_MS = 200_000;

/** A replica on a faulty disk, and a consumer of its order of arrival. */
class Trial {
  readonly #disk = new FaultyDisk();
  readonly #random = new SeededRandom('epochs');
  #clock = new VirtualClock();
  #replica!: Replica;
  #next = 0;
  #waiting: Promise<unknown>[] = [];
  /** What the consumer knows: the epoch, and the ids in it so far. */
  #epoch = '';
  #seen: string[] = [];
  #resets = 0;
  #orders = 0;

  async open(): Promise<void> {
    this.#clock = new VirtualClock();
    const opened = Replica.open({
      open: this.#disk.process(),
      clock: this.#clock,
      disk: new FakeDisk(),
      scheme: wideSum,
      random: this.#random,
      index: { bufferItems: 8, leafItems: 4, fanout: 4 },
    });
    this.#replica = await this.#drive(opened);
  }

  async run(step: Step): Promise<void> {
    if (step.do === 'put') await this.#put(step.count, step.again, step.wait);
    if (step.do === 'pass') await this.#clock.advance(step.ms);
    if (step.do === 'read') await this.#read(step.limit);
    if (step.do === 'fault') {
      this.#disk.fault = step.fault;
      this.#disk.refusals = step.refusals;
    }
    if (step.do === 'power') {
      this.#disk.cutPower(step.keep);
      this.#ruin(step.ruin, step.which);
      this.#waiting = [];
      await this.open();
      if (step.ruin === 'item') await this.#refill(step.which);
    }
  }

  /** Lets time pass; then the consumer has seen every held item once, in an epoch that is sound. */
  async check(): Promise<void> {
    this.#disk.fault = 'none';
    this.#disk.refusals = 0;
    await this.#clock.advance(LONG_MS);
    await this.#drive(Promise.all(this.#waiting));
    await this.#clock.advance(LONG_MS);
    await this.#drive(this.#replica.ready());
    await this.#put(1, false, true);
    // Another consumer meets damage of places that this one has behind it.
    await this.#drive(this.#replica.arrivals(0, { limit: 1_000 }).catch(expected));
    await this.#drive(this.#replica.ready());
    for (let before = -1; before !== this.#seen.length; ) {
      before = this.#seen.length;
      await this.#read(5);
      if (this.#seen.length === 0) before = -1;
      if (this.#replica.lastArrival === 0) break;
    }
    assert.equal(this.#seen.length, this.#replica.lastArrival);
    const held = await this.#drive(this.#replica.list({ limit: 1_000 }));
    const seen = new Set(this.#seen);
    assert.ok(
      held.every(({ id }) => seen.has(bytesToKey(id))),
      'every held item is listed',
    );
    const { problems } = await this.#drive(this.#replica.verify());
    assert.deepEqual(problems, []);
    if (this.#orders === 0) assert.equal(this.#resets, 0, 'no epoch ends without a reason');
  }

  async close(): Promise<void> {
    await this.#drive(this.#replica.close());
  }

  async #put(count: number, again: boolean, wait: boolean): Promise<void> {
    const numbers = Array.from({ length: count }, () => this.#next++);
    const items = (again ? [0, ...numbers] : numbers).map((number) => item(number));
    const verified = items.map((one) => verifyItem({ ...one, id: idOf(one) }));
    const put = this.#replica.putVerified(verified, { source: 'peer' }).catch(expected);
    this.#waiting.push(put);
    if (wait) await this.#drive(put);
  }

  /** The consumer asks for what came since; it begins again where it is told so. */
  async #read(limit: number): Promise<void> {
    const init = { limit, ...(this.#epoch !== '' && { epoch: this.#epoch }) };
    try {
      const page = await this.#drive(this.#replica.arrivals(this.#seen.length, init));
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
    if (ruin === 'index') this.#disk.ruin(KEYS.tree.meta);
    if (ruin === 'item') this.#disk.ruin(KEYS.item({ hint: BigInt(which), id: idOf(item(which)) }));
    if (ruin !== 'order' || this.#replica.lastArrival === 0) return;
    this.#orders++;
    const order = BigInt(`0x${this.#replica.epoch}`);
    for (const seq of [1, which]) this.#disk.ruin(KEYS.arrivals(order, seq));
  }

  /** The item is found missing, and comes back. */
  async #refill(which: number): Promise<void> {
    const one = item(which);
    await this.#drive(this.#replica.get(idOf(one)).catch(expected));
    await this.#drive(this.#replica.put([one]).catch(expected));
    this.#next = Math.max(this.#next, which + 1);
  }

  /** Lets the clock go on until the promise is settled. */
  async #drive<Result>(promise: Promise<Result>): Promise<Result> {
    let settled = false;
    const mark = (): void => {
      settled = true;
    };
    promise.then(mark, mark);
    for (let turn = 0; !settled; turn++) {
      assert.ok(turn < 20_000, 'it does not hang');
      await this.#clock.advance(1);
    }
    return promise;
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
      { numRuns: 150 },
    );
  });
});
