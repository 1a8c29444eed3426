import assert from 'node:assert/strict';
import fc from 'fast-check';
import { Replica } from '../../../src/store/index.ts';
import { VirtualClock } from '../../support/clock.ts';
import { FakeDisk } from '../../support/fake-disk.ts';
import { type Fault, FaultyDisk } from '../../support/faulty-disk.ts';
import { wideSum } from '../../support/wide-sum.ts';

/** Longer than any time between two attempts to open the database. */
export const LONG_MS = 200_000;

/** The next batch fails, and so do the next openings. */
export interface FaultStep {
  readonly do: 'fault';
  readonly fault: Fault;
  readonly refusals: number;
}

export function faultSteps(maxRefusals: number): fc.Arbitrary<FaultStep> {
  return fc.record({
    do: fc.constant('fault' as const),
    fault: fc.constantFrom<Fault>('lost', 'landed'),
    refusals: fc.nat({ max: maxRefusals }),
  });
}

export interface PassStep {
  readonly do: 'pass';
  readonly ms: number;
}

export const passSteps: fc.Arbitrary<PassStep> = fc.record({
  do: fc.constant('pass' as const),
  ms: fc.nat({ max: 5_000 }),
});

/** A replica with a small index on a faulty disk, in virtual time. */
export class FaultyReplica {
  readonly disk: FaultyDisk = new FaultyDisk();
  readonly #init: Pick<Parameters<typeof Replica.open>[0], 'random'>;
  #clock = new VirtualClock();
  #replica!: Replica;

  constructor(init: Pick<Parameters<typeof Replica.open>[0], 'random'> = {}) {
    this.#init = init;
  }

  get replica(): Replica {
    return this.#replica;
  }

  /** Opens it as a new process does. */
  async open(): Promise<void> {
    this.#clock = new VirtualClock();
    const opened = Replica.open({
      ...this.#init,
      open: this.disk.process(),
      clock: this.#clock,
      disk: new FakeDisk(),
      scheme: wideSum,
      index: { bufferItems: 8, leafItems: 4, fanout: 4 },
    });
    this.#replica = await this.drive(opened);
  }

  async run(step: FaultStep | PassStep): Promise<void> {
    if (step.do === 'pass') return this.#clock.advance(step.ms);
    this.disk.fault = step.fault;
    this.disk.refusals = step.refusals;
  }

  /** Lets time pass without a new fault until all callers have their answers and the database is open. */
  async recover(waiting: readonly Promise<unknown>[]): Promise<void> {
    this.disk.fault = 'none';
    await this.#clock.advance(LONG_MS);
    await this.drive(Promise.all(waiting));
    await this.#clock.advance(LONG_MS);
    await this.drive(this.#replica.ready());
  }

  /** Lets the clock go on until the promise is settled. */
  async drive<Result>(promise: Promise<Result>): Promise<Result> {
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
