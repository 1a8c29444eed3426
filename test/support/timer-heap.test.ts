import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { assertProperty } from './property.ts';
import { type Timer, TimerHeap } from './timer-heap.ts';

type Step =
  | { readonly do: 'add'; readonly at: number }
  | { readonly do: 'off'; readonly which: number }
  | { readonly do: 'take'; readonly end: number };

const steps: fc.Arbitrary<Step> = fc.oneof(
  { weight: 4, arbitrary: fc.record({ do: fc.constant('add' as const), at: fc.nat(20) }) },
  { weight: 6, arbitrary: fc.record({ do: fc.constant('off' as const), which: fc.nat(200) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('take' as const), end: fc.nat(20) }) },
);

/** A plain list that does the same. */
class Model {
  timers: { readonly at: number; readonly name: number }[] = [];

  take(end: number): number | undefined {
    const [first] = this.timers.toSorted((a, b) => a.at - b.at || a.name - b.name);
    if (first === undefined || first.at > end) return undefined;
    this.timers = this.timers.filter((timer) => timer !== first);
    return first.name;
  }
}

describe('TimerHeap', () => {
  it('gives timers in order of time, then of age, but for those that are called off', async () => {
    await assertProperty(
      fc.property(fc.array(steps, { minLength: 300, maxLength: 600, size: 'max' }), (schedule) => {
        const heap = new TimerHeap();
        const model = new Model();
        const made: Timer[] = [];
        let ran: number | undefined;
        for (const step of schedule) {
          if (step.do === 'add') {
            const name = made.length;
            made.push(
              heap.add(step.at, () => {
                ran = name;
              }),
            );
            model.timers.push({ at: step.at, name });
          } else if (step.do === 'off' && step.which < made.length) {
            heap.callOff(made[step.which]!);
            model.timers = model.timers.filter(({ name }) => name !== step.which);
          } else if (step.do === 'take') {
            ran = undefined;
            heap.take(step.end)?.callback();
            assert.equal(ran, model.take(step.end));
          }
          assert.equal(heap.size, model.timers.length);
        }
      }),
      { numRuns: 15 },
    );
  });

  it('forgets timers that are called off once they are most of its timers', () => {
    const heap = new TimerHeap();
    const ran: number[] = [];
    const timers = Array.from({ length: 200 }, (_, i) => heap.add(200 - i, () => ran.push(i)));
    for (const timer of timers.slice(0, 195)) heap.callOff(timer);
    assert.equal(heap.size, 5);
    for (let due = heap.take(10); due !== undefined; due = heap.take(10)) due.callback();
    assert.deepEqual([ran, heap.size], [[199, 198, 197, 196, 195], 0]);
  });
});
