import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { guardOf, type ItemOrigin, type ItemRefusal } from '../../../../src/daemon/guard/index.ts';
import { Intake, ITEM_BYTES, Window } from '../../../../src/daemon/replicator/fetching/testing.ts';
import { type Item, type PutResult, StoreError } from '../../../../src/store/index.ts';
import { settle } from '../../../support/clock.ts';
import { itemOf } from '../support.ts';

async function resolved(promise: Promise<unknown>): Promise<boolean> {
  let done = false;
  void promise.then(() => {
    done = true;
  });
  await settle();
  return done;
}

describe('the window of items that wait for their commit', () => {
  it('has room at its limit, and none one byte past it', async () => {
    const window = new Window(10);
    for (const _ of [1, 2]) {
      window.enter(10);
      assert.equal(await resolved(window.room()), true);
      window.enter(1);
      const waiting = window.room();
      assert.equal(await resolved(waiting), false);
      window.leave(1);
      assert.equal(await resolved(waiting), true);
      window.leave(10);
    }
  });

  it('releases all waiting requests once there is room', async () => {
    const window = new Window(10);
    window.enter(30);
    const waiting = [window.room(), window.room()];
    window.leave(19);
    assert.equal(await resolved(Promise.race(waiting)), false);
    window.leave(1);
    assert.equal(await resolved(Promise.all(waiting)), true);
  });

  it('makes released requests wait again that find it full', async () => {
    const window = new Window(10);
    window.enter(11);
    const waiting = window.room();
    window.leave(11);
    window.enter(11);
    assert.equal(await resolved(waiting), false);
    window.leave(1);
    assert.equal(await resolved(waiting), true);
  });
});

/** A disk that the test lets go on, and that fails for some items. */
function setUp(limit = 1_000, guard = guardOf([])) {
  const puts: { items: readonly Item[]; end: () => void }[] = [];
  const state = { bad: new Map<Item, Error>(), held: new Set<Item>() };
  const known: Uint8Array[] = [];
  const window = new Window(limit);
  const make = () =>
    new Intake({
      replica: {
        async putVerified(items): Promise<PutResult[]> {
          await new Promise<void>((resolve) => puts.push({ items, end: resolve }));
          for (const item of items) {
            const error = state.bad.get(item);
            if (error !== undefined) throw error;
          }
          return items.map(
            (item) => ({ id: item.id, created: !state.held.has(item) }) as PutResult,
          );
        },
      },
      guard,
      window,
      source: 'a',
      wanted: { received: (id) => known.push(id) > 0 },
    });
  const end = async (): Promise<void> => {
    for (let put = puts.shift(); put !== undefined; put = puts.shift()) {
      put.end();
      await settle();
    }
  };
  return { puts, state, known, window, make, end };
}

const FULL = new StoreError('SET_FULL', 'no room');

describe('the intake of a request', () => {
  it('batches items that arrive together, and continues while the window has room', async () => {
    const { puts, make, end } = setUp(10 + 2 * ITEM_BYTES);
    const intake = make();
    assert.equal(await resolved(intake.take([itemOf(1, 4), itemOf(2, 6)])), true);
    const waiting = intake.take([itemOf(3, 1)]);
    assert.equal(await resolved(waiting), false, 'a byte past the window waits for the disk');
    assert.deepEqual(
      puts.map(({ items }) => items.length),
      [2, 1],
    );
    const settled = intake.settle();
    assert.equal(await resolved(settled), false);
    await end();
    assert.equal(await resolved(waiting), true, 'stored items give their room back');
    assert.equal(await resolved(settled), true);
    assert.deepEqual([intake.stored, intake.error], [3, null]);
  });

  it('shares the window with other requests, and frees its room each time', async () => {
    const { make, end } = setUp(10 + ITEM_BYTES);
    for (const _ of [1, 2, 3]) {
      const [one, other] = [make(), make()];
      await one.take([itemOf(1, 10)]);
      const waiting = other.take([itemOf(2, 10)]);
      assert.equal(await resolved(waiting), false);
      await end();
      assert.equal(await resolved(waiting), true, 'stored items give their room back');
      assert.equal(await resolved(other.settle()), true);
    }
  });

  it('leaves out items that the guard refuses, and goes on', async () => {
    const refusal: ItemRefusal = { code: 'ITEM_REFUSED', message: 'no', lasting: true };
    const [good, bad] = [itemOf(1), itemOf(2)];
    const origins: ItemOrigin[] = [];
    const guard = guardOf([
      {
        refusalOf({ id }, origin) {
          origins.push(origin);
          return id === bad.id ? refusal : null;
        },
      },
    ]);
    const { puts, make, end } = setUp(1_000, guard);
    const intake = make();
    await intake.take([bad]);
    await intake.take([good, bad]);
    await settle();
    assert.deepEqual(
      puts.map(({ items }) => items),
      [[good]],
    );
    await end();
    await intake.settle();
    assert.deepEqual([intake.stored, intake.error], [1, null]);
    assert.deepEqual(intake.refusals, Array(2).fill({ id: bad.id, refusal }));
    assert.deepEqual(origins[0], { via: 'fetch', peer: 'a', publisher: null });
  });

  it('reports the items that were already held', async () => {
    const { state, known, make, end } = setUp();
    const [fresh, held] = [itemOf(1), itemOf(2)];
    state.held.add(held);
    const intake = make();
    await intake.take([fresh, held]);
    await end();
    assert.deepEqual(known, [held.id]);
    assert.equal(intake.stored, 2);
  });

  it('stores items one by one that do not fit together, and keeps the first error', async () => {
    const { state, window, make, end } = setUp(3);
    const [first, second, third, fourth] = [itemOf(1), itemOf(2), itemOf(3), itemOf(4)];
    state.bad.set(second, FULL).set(third, new Error('something else'));
    const intake = make();
    const taken = intake.take([first, second, third, fourth]).catch(({ message }) => message);
    await end();
    assert.equal(await resolved(taken), true, 'what failed has given its room back');
    assert.match(await taken, /no room/);
    assert.equal(intake.stored, 2);
    assert.deepEqual(intake.error, { code: 'SET_FULL', message: 'no room' });
    window.enter(3);
    assert.equal(await resolved(window.room()), true);
  });

  it('does not report other errors as store errors', async () => {
    const { state, make, end } = setUp();
    const item = itemOf(1);
    state.bad.set(item, new Error('odd'));
    const intake = make();
    await intake.take([item]);
    await end();
    await intake.settle();
    assert.deepEqual(intake.error, { code: 'INTERNAL', message: 'odd' });
    await assert.rejects(intake.take([itemOf(2)]), /odd/);
  });
});
