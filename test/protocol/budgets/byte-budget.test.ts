import assert from 'node:assert/strict';
import { getEventListeners } from 'node:events';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { ByteBudget, Holding } from '../../../src/protocol/budgets/index.ts';
import { settle } from '../../support/clock.ts';
import { assertProperty } from '../../support/property.ts';

const NEVER = new AbortController().signal;

/** Takes from a budget; `admitted` names the requests in the order they were admitted. */
function taker(budget: ByteBudget) {
  const admitted: string[] = [];
  const releases = new Map<string, () => void>();
  const take = async (holder: string, bytes: number, name = holder, signal = NEVER) => {
    const taken = budget.take(holder, bytes, signal);
    taken.then(
      (release) => {
        admitted.push(name);
        releases.set(name, release);
      },
      () => {},
    );
    await settle();
    return taken;
  };
  const request = (...args: Parameters<typeof take>): Promise<void> => {
    take(...args).catch(() => {});
    return settle();
  };
  const release = async (name: string): Promise<void> => {
    releases.get(name)!();
    await settle();
  };
  return { admitted, request, release };
}

describe('ByteBudget', () => {
  it('admits all holders together up to the total, and the next one when bytes come back', async () => {
    const budget = new ByteBudget({ totalBytes: 100, holderBytes: 60 });
    const { admitted, request, release } = taker(budget);
    await request('a', 50);
    await request('b', 50);
    await request('c', 1);
    assert.deepEqual(admitted, ['a', 'b']);
    assert.equal(budget.usedBytes, 100);
    assert.equal(budget.waiting, 1);
    await release('a');
    assert.deepEqual(admitted, ['a', 'b', 'c']);
    assert.equal(budget.usedBytes, 51);
  });

  it('holds a holder back at its own limit without holding back the others', async () => {
    const budget = new ByteBudget({ totalBytes: 100, holderBytes: 40 });
    const { admitted, request, release } = taker(budget);
    await request('a', 40, 'a1');
    await request('a', 1, 'a2');
    await request('b', 40, 'b1');
    assert.deepEqual(admitted, ['a1', 'b1']);
    await release('a1');
    assert.deepEqual(admitted, ['a1', 'b1', 'a2']);
  });

  it('lets holders take turns, whatever number of requests each has', async () => {
    const budget = new ByteBudget({ totalBytes: 10, holderBytes: 10 });
    const { admitted, request, release } = taker(budget);
    await request('x', 10);
    for (const name of ['a1', 'a2', 'a3']) await request('a', 10, name);
    await request('b', 10, 'b1');
    for (const name of ['x', 'a1', 'b1', 'a2']) await release(name);
    assert.deepEqual(admitted, ['x', 'a1', 'b1', 'a2', 'a3']);
  });

  it('does not let small requests pass a large one that waits for the total', async () => {
    const budget = new ByteBudget({ totalBytes: 100, holderBytes: 100 });
    const { admitted, request, release } = taker(budget);
    await request('a', 60);
    await request('large', 90);
    await request('small', 10);
    assert.deepEqual(admitted, ['a']);
    assert.equal(budget.tryTake('other', 1), null, 'nor does a call that does not wait');
    await release('a');
    assert.deepEqual(admitted, ['a', 'large', 'small']);
  });

  it('admits a request above a limit alone', async () => {
    const budget = new ByteBudget({ totalBytes: 100, holderBytes: 50 });
    const { admitted, request, release } = taker(budget);
    await request('a', 300);
    assert.deepEqual(admitted, ['a']);
    await request('b', 1);
    await release('a');
    assert.deepEqual(admitted, ['a', 'b']);
    await request('b', 60, 'b2');
    assert.deepEqual(admitted, ['a', 'b']);
    await release('b');
    assert.deepEqual(admitted, ['a', 'b', 'b2']);
  });

  it('keeps a quarter for known holders, or room for one request of theirs', async () => {
    const knows = (holder: string): boolean => holder.startsWith('K');
    const budget = new ByteBudget({ totalBytes: 100, holderBytes: 100, knows });
    const { admitted, request, release } = taker(budget);
    for (const name of ['a', 'b', 'c', 'd']) await request(name, 25);
    assert.deepEqual(admitted, ['a', 'b', 'c'], 'd waits for a stranger to end');
    await request('K', 60);
    assert.deepEqual(admitted, ['a', 'b', 'c', 'K']);
    assert.equal(budget.tryTake('e', 1), null);
    await request('K', 20, 'K2');
    assert.equal(budget.tryTake('KK', 1), null, 'K2 is next');
    await release('a');
    await release('b');
    await release('c');
    assert.deepEqual(admitted.slice(4), ['K2'], 'known holders come before strangers');
    await release('K');
    assert.deepEqual(admitted.slice(5), ['d']);
    budget.tryTake('K3', 55)!();
    assert.equal(budget.tryTake('f', 51), null, 'strangers together');
    assert.notEqual(budget.tryTake('f', 50), null);
    await release('K2');
    await release('d');
    assert.equal(budget.usedBytes, 50);
  });

  it('gives up a request with the reason of its signal, and lets those behind it in', async () => {
    const budget = new ByteBudget({ totalBytes: 100, holderBytes: 100 });
    const { admitted, request } = taker(budget);
    const controller = new AbortController();
    await request('a', 60);
    const large = budget.take('large', 90, controller.signal);
    await request('small', 10);
    controller.abort(new Error('over'));
    await assert.rejects(large, /over/);
    await settle();
    assert.deepEqual(admitted, ['a', 'small']);
    assert.equal(getEventListeners(controller.signal, 'abort').length, 0);
    await assert.rejects(budget.take('b', 1, controller.signal), /over/);
  });

  it('tells the part of the total that is held, above 1 for a request that is larger', () => {
    const budget = new ByteBudget({ totalBytes: 100, holderBytes: 100 });
    const release = budget.tryTake('a', 25)!;
    assert.equal(budget.usedRatio, 0.25);
    release();
    assert.equal(budget.usedRatio, 0);
    budget.tryTake('a', 150);
    assert.equal(budget.usedRatio, 1.5);
  });

  it('counts bytes that are given back twice once', () => {
    const budget = new ByteBudget({ totalBytes: 100, holderBytes: 100 });
    const first = budget.tryTake('a', 30)!;
    budget.tryTake('a', 30);
    first();
    first();
    assert.equal(budget.usedBytes, 30);
  });

  it('never holds more than its limits, and admits every request in the end', async () => {
    const step = fc.record({
      holder: fc.constantFrom('a', 'b', 'c'),
      bytes: fc.integer({ min: 1, max: 50 }),
    });
    await assertProperty(
      fc.asyncProperty(fc.array(step, { maxLength: 40 }), async (steps) => {
        const budget = new ByteBudget({ totalBytes: 100, holderBytes: 60 });
        const held = new Map<string, number>();
        const releases: (() => void)[] = [];
        let admitted = 0;
        for (const { holder, bytes } of steps) {
          void budget.take(holder, bytes, NEVER).then((release) => {
            admitted++;
            held.set(holder, (held.get(holder) ?? 0) + bytes);
            assert.ok(held.get(holder)! <= 60);
            releases.push(() => {
              held.set(holder, held.get(holder)! - bytes);
              release();
            });
          });
        }
        await settle();
        while (releases.length > 0) {
          assert.ok(budget.usedBytes <= 100);
          releases.shift()!();
          await settle();
        }
        assert.equal(admitted, steps.length);
        assert.equal(budget.usedBytes, 0);
        assert.equal(budget.waiting, 0);
      }),
    );
  });
});

describe('Holding', () => {
  it('holds as much as it was told last, or nothing where that does not fit', () => {
    const budget = new ByteBudget({ totalBytes: 100, holderBytes: 100 });
    const [one, other] = [new Holding(budget, 'a'), new Holding(budget, 'b')];
    assert.equal(one.hold(60), true);
    assert.equal(other.hold(40), true);
    assert.equal(budget.usedBytes, 100);
    assert.equal(one.hold(61), false);
    assert.equal(budget.usedBytes, 40, 'what did not fit was given back');
    assert.equal(one.hold(60), true);
    assert.deepEqual([other.hold(0), one.hold(61)], [true, true]);
    assert.equal(budget.usedBytes, 61);
  });
});
