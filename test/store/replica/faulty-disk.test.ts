import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { itemId, StoreError } from '../../../src/store/index.ts';
import { setKeys } from '../../../src/store/replica/records/index.ts';
import { assertProperty } from '../../support/property.ts';
import {
  type FaultStep,
  FaultyReplica,
  faultSteps,
  type PassStep,
  passSteps,
} from './faulty-replica.ts';
import { item } from './support.ts';

/** What happens to a replica on a faulty disk. */
type Step =
  /** So many callers put so many items each, and wait for the answers or do not. */
  | { readonly do: 'put'; readonly callers: number; readonly each: number; readonly wait: boolean }
  | FaultStep
  | PassStep
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
  { weight: 3, arbitrary: faultSteps(3) },
  { weight: 2, arbitrary: passSteps },
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

/** A replica on a faulty disk, and what its callers were told. */
class Trial {
  readonly #faulty = new FaultyReplica();
  #next = 0;
  readonly #acknowledged = new Set<number>();
  /** Those whose callers were told that they are not stored. */
  readonly #refused = new Set<number>();
  #waiting: Promise<unknown>[] = [];

  open(): Promise<void> {
    return this.#faulty.open();
  }

  async run(step: Step): Promise<void> {
    if (step.do === 'put') await this.#put(step.callers, step.each, step.wait);
    if (step.do === 'fault' || step.do === 'pass') await this.#faulty.run(step);
    if (step.do === 'reopen') {
      await this.#faulty.drive(this.#faulty.replica.close());
      await this.#faulty.drive(Promise.all(this.#waiting));
      this.#faulty.disk.refusals = 0;
      await this.open();
    }
    if (step.do === 'power') {
      this.#faulty.disk.cutPower(step.keep);
      if (step.ruin) this.#faulty.disk.ruin(setKeys('set').tree.meta);
      this.#waiting = [];
      await this.open();
    }
  }

  /** Lets time pass, and compares what is there with what was said. */
  async check(): Promise<void> {
    await this.#faulty.recover(this.#waiting);
    assert.equal(this.#faulty.replica.status().refusing, null, 'it goes on by itself');
    for (const number of this.#acknowledged) {
      const { hint, payload } = item(number);
      const found = await this.#faulty.drive(this.#faulty.replica.get(itemId(hint, payload)));
      assert.deepEqual(found?.payload, payload, `item ${number} was acknowledged`);
    }
    for (const number of this.#refused) {
      const { hint, payload } = item(number);
      assert.equal(
        this.#faulty.replica.contains(itemId(hint, payload)),
        false,
        `item ${number} was refused`,
      );
    }
    const { problems } = await this.#faulty.drive(this.#faulty.replica.verify());
    assert.deepEqual(problems, []);
    const incidents = this.#faulty.replica.status().incidents.map(({ code }) => code);
    assert.equal(incidents.includes('COMMITS_LOST'), false, 'no commit that was synced is gone');
    await this.#put(1, 1, true);
    assert.ok(this.#acknowledged.has(this.#next - 1), 'a put is taken again');
  }

  async close(): Promise<void> {
    await this.#faulty.drive(this.#faulty.replica.close());
  }

  async #put(callers: number, each: number, wait: boolean): Promise<void> {
    const puts = Array.from({ length: callers }, () => {
      const numbers = Array.from({ length: each }, () => this.#next++);
      return this.#ask(numbers);
    });
    this.#waiting.push(...puts);
    if (wait) await this.#faulty.drive(Promise.all(puts));
  }

  /** One caller, who now and then also puts what somebody else does. */
  async #ask(numbers: readonly number[]): Promise<void> {
    const others = [...this.#acknowledged].slice(-1);
    try {
      await this.#faulty.replica.put([...others, ...numbers].map((number) => item(number)));
      for (const number of numbers) this.#acknowledged.add(number);
    } catch (error) {
      assert.ok(error instanceof StoreError && error.message.length > 20, String(error));
      if (error.message.includes('not known yet')) {
        assert.notEqual(this.#faulty.replica.status().refusing, null, 'the status says so');
      } else for (const number of numbers) this.#refused.add(number);
    }
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
