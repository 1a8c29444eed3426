import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { itemId, Replica, StoreError } from '../../../src/store/index.ts';
import { setKeys } from '../../../src/store/replica/records/index.ts';
import { VirtualClock } from '../../support/clock.ts';
import { FakeDisk } from '../../support/fake-disk.ts';
import { type Fault, FaultyDisk } from '../../support/faulty-disk.ts';
import { assertProperty } from '../../support/property.ts';
import { wideSum } from '../../support/wide-sum.ts';
import { item } from './support.ts';

/** What happens to a replica on a faulty disk. */
type Step =
  /** So many callers put so many items each, and wait for the answers or do not. */
  | { readonly do: 'put'; readonly callers: number; readonly each: number; readonly wait: boolean }
  /** The next batch fails, and so do the next openings. */
  | { readonly do: 'fault'; readonly fault: Fault; readonly refusals: number }
  | { readonly do: 'pass'; readonly ms: number }
  /** The power goes, and comes back; the root of the index perhaps does not. */
  | { readonly do: 'power'; readonly keep: number; readonly ruin: boolean }
  | { readonly do: 'reopen' };

const steps: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 5,
    arbitrary: fc.record({
      do: fc.constant('put' as const),
      callers: fc.integer({ min: 1, max: 6 }),
      each: fc.integer({ min: 1, max: 5 }),
      wait: fc.boolean(),
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({
      do: fc.constant('fault' as const),
      fault: fc.constantFrom<Fault>('lost', 'landed'),
      refusals: fc.nat({ max: 3 }),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({ do: fc.constant('pass' as const), ms: fc.nat({ max: 5_000 }) }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      do: fc.constant('power' as const),
      keep: fc.double({ min: 0, max: 1, noNaN: true }),
      ruin: fc.boolean(),
    }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('reopen' as const) }) },
);

/** The power goes while a batch that failed lies unsynced in the log. */
const TORN: Step[] = [
  { do: 'put', callers: 1, each: 1, wait: false },
  { do: 'reopen' },
  { do: 'fault', fault: 'landed', refusals: 1 },
  { do: 'put', callers: 1, each: 1, wait: true },
  { do: 'power', keep: 0.2, ruin: false },
  { do: 'put', callers: 1, each: 1, wait: false },
];

/** Longer than any time between two attempts to open the database. */
const LONG_MS = 200_000;

/** A replica on a faulty disk, and what its callers were told. */
class Trial {
  readonly #disk = new FaultyDisk();
  #clock = new VirtualClock();
  #replica!: Replica;
  #next = 0;
  readonly #acknowledged = new Set<number>();
  /** Those whose callers were told that they are not stored. */
  readonly #refused = new Set<number>();
  #waiting: Promise<unknown>[] = [];

  async open(): Promise<void> {
    this.#clock = new VirtualClock();
    const opened = Replica.open({
      open: this.#disk.process(),
      clock: this.#clock,
      disk: new FakeDisk(),
      scheme: wideSum,
      index: { bufferItems: 8, leafItems: 4, fanout: 4 },
    });
    this.#replica = await this.#drive(opened);
  }

  async run(step: Step): Promise<void> {
    if (step.do === 'put') await this.#put(step.callers, step.each, step.wait);
    if (step.do === 'pass') await this.#clock.advance(step.ms);
    if (step.do === 'fault') {
      this.#disk.fault = step.fault;
      this.#disk.refusals = step.refusals;
    }
    if (step.do === 'reopen') {
      await this.#drive(this.#replica.close());
      await this.#drive(Promise.all(this.#waiting));
      this.#disk.refusals = 0;
      await this.open();
    }
    if (step.do === 'power') {
      this.#disk.cutPower(step.keep);
      if (step.ruin) this.#disk.ruin(setKeys('set').tree.meta);
      this.#waiting = [];
      await this.open();
    }
  }

  /** Lets time pass, and compares what is there with what was said. */
  async check(): Promise<void> {
    this.#disk.fault = 'none';
    await this.#clock.advance(LONG_MS);
    await this.#drive(Promise.all(this.#waiting));
    await this.#clock.advance(LONG_MS);
    await this.#drive(this.#replica.ready());
    assert.equal(this.#replica.status().refusing, null, 'it goes on by itself');
    for (const number of this.#acknowledged) {
      const { hint, payload } = item(number);
      const found = await this.#drive(this.#replica.get(itemId(hint, payload)));
      assert.deepEqual(found?.payload, payload, `item ${number} was acknowledged`);
    }
    for (const number of this.#refused) {
      const { hint, payload } = item(number);
      assert.equal(
        this.#replica.contains(itemId(hint, payload)),
        false,
        `item ${number} was refused`,
      );
    }
    const { problems } = await this.#drive(this.#replica.verify());
    assert.deepEqual(problems, []);
    const incidents = this.#replica.status().incidents.map(({ code }) => code);
    assert.equal(incidents.includes('COMMITS_LOST'), false, 'no commit that was synced is gone');
    await this.#put(1, 1, true);
    assert.ok(this.#acknowledged.has(this.#next - 1), 'a put is taken again');
  }

  async close(): Promise<void> {
    await this.#drive(this.#replica.close());
  }

  async #put(callers: number, each: number, wait: boolean): Promise<void> {
    const puts = Array.from({ length: callers }, () => {
      const numbers = Array.from({ length: each }, () => this.#next++);
      return this.#ask(numbers);
    });
    this.#waiting.push(...puts);
    if (wait) await this.#drive(Promise.all(puts));
  }

  /** One caller, who now and then also puts what somebody else does. */
  async #ask(numbers: readonly number[]): Promise<void> {
    const others = [...this.#acknowledged].slice(-1);
    try {
      await this.#replica.put([...others, ...numbers].map((number) => item(number)));
      for (const number of numbers) this.#acknowledged.add(number);
    } catch (error) {
      assert.ok(error instanceof StoreError && error.message.length > 20, String(error));
      if (error.message.includes('not known yet')) {
        assert.notEqual(this.#replica.status().refusing, null, 'the status says so');
      } else for (const number of numbers) this.#refused.add(number);
    }
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

describe('replica on a faulty disk', () => {
  it('answers truthfully, loses no acknowledged item, and recovers by itself', async () => {
    const schedules = fc.array(steps, { minLength: 3, maxLength: 25 });
    await assertProperty(
      fc.asyncProperty(schedules, async (schedule) => {
        const trial = new Trial();
        await trial.open();
        for (const step of schedule) await trial.run(step);
        await trial.check();
        await trial.close();
      }),
      { numRuns: 150, examples: [[TORN]] },
    );
  });
});
