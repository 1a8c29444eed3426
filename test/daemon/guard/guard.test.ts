import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import {
  type GuardCheck,
  type GuardCode,
  guardOf,
  type ItemOrigin,
  type ItemRefusal,
} from '../../../src/daemon/guard/index.ts';
import type { Item } from '../../../src/store/index.ts';

const ORIGIN: ItemOrigin = { via: 'push', peer: 'a', publisher: 'b' };
const ITEMS = [1n, 2n, 3n, 4n].map(
  (hint): Item => ({ hint, id: new Uint8Array(32).fill(Number(hint)), payload: new Uint8Array(9) }),
);

function refusal(code: GuardCode): ItemRefusal {
  return { code, message: code, lasting: false };
}

function byHint(hint: bigint, code: GuardCode): GuardCheck {
  return { refusalOf: (key) => (key.hint === hint ? refusal(code) : null) };
}

describe('the guard', () => {
  it('takes everything at once where there is no check', () => {
    const guard = guardOf([]);
    assert.equal(guard.judge(ITEMS, ORIGIN), null);
    assert.equal(guard.refusalOf({ ...ITEMS[0]!, bytes: 1 }, ORIGIN), null);
    assert.equal(guard.takesFrom('a'), true);
  });

  it('gives the reason of the first check that refuses, by key and at once', async () => {
    const guard = guardOf([byHint(2n, 'ROLE_READ'), byHint(2n, 'PEER_QUOTA')]);
    assert.equal(guard.refusalOf({ ...ITEMS[1]!, bytes: 1 }, ORIGIN)?.code, 'ROLE_READ');
    assert.equal(guard.judge([ITEMS[0]!], ORIGIN), null, 'nothing is waited for');
    const verdicts = await guard.judge(ITEMS, ORIGIN);
    assert.deepEqual(verdicts, [null, refusal('ROLE_READ'), null, null]);
  });

  it('asks a check about items that no check has refused before it, in order', async () => {
    const asked: bigint[][] = [];
    const judging = (hint: bigint, code: GuardCode): GuardCheck => ({
      refusalOf: () => null,
      async judge(items, origin) {
        assert.deepEqual(origin, ORIGIN);
        asked.push(items.map((item) => item.hint));
        return items.map((item) => (item.hint === hint ? refusal(code) : null));
      },
    });
    const guard = guardOf([
      judging(3n, 'POLICY_REFUSED'),
      judging(4n, 'PEER_QUOTA'),
      byHint(1n, 'HINT_TOO_OLD'),
    ]);
    const verdicts = await guard.judge(ITEMS, ORIGIN);
    assert.deepEqual(
      verdicts?.map((verdict) => verdict?.code ?? null),
      ['HINT_TOO_OLD', null, 'POLICY_REFUSED', 'PEER_QUOTA'],
    );
    assert.deepEqual(asked, [
      [2n, 3n, 4n],
      [2n, 4n],
    ]);
    await guard.judge([ITEMS[0]!], ORIGIN);
    assert.equal(asked.length, 2, 'nothing is left to ask');
  });

  it('waits for nothing where each check takes all items at once, and tells the checks of the end', async () => {
    const heard: string[] = [];
    const check = (name: string, answers: ItemRefusal | null): GuardCheck => ({
      refusalOf: () => null,
      judge(items) {
        heard.push(`${name} asked`);
        return answers === null ? null : Promise.resolve(items.map(() => answers));
      },
      settled: (items) => void heard.push(`${name} ended ${items.length}`),
    });
    const quick = guardOf([check('a', null), check('b', null)]);
    assert.equal(quick.judge(ITEMS, ORIGIN), null);
    quick.settled(ITEMS);
    assert.deepEqual(heard.splice(0), ['a asked', 'b asked', 'a ended 4', 'b ended 4']);
    const slow = guardOf([check('a', null), check('b', refusal('PEER_QUOTA')), check('c', null)]);
    const verdicts = await slow.judge(ITEMS, ORIGIN);
    assert.deepEqual(
      verdicts?.map((verdict) => verdict?.code),
      new Array(4).fill('PEER_QUOTA'),
    );
    assert.deepEqual(heard, ['a asked', 'b asked'], 'nothing is left to ask');
  });

  it('reads the id and the size of an item only where a check does', () => {
    const item = {
      ...ITEMS[0]!,
      get id(): never {
        throw new Error('the id was read');
      },
    };
    assert.equal(guardOf([byHint(9n, 'HINT_TOO_OLD')]).judge([item], ORIGIN), null);
    const sizes: number[] = [];
    guardOf([
      { refusalOf: ({ bytes }) => (sizes.push(bytes) > 9 ? refusal('PEER_QUOTA') : null) },
    ]).judge([item], ORIGIN);
    assert.deepEqual(sizes, [9]);
  });

  it('takes nothing of a peer that one check takes nothing of', () => {
    const closed: GuardCheck = { refusalOf: () => null, takesFrom: (peer) => peer !== 'x' };
    const guard = guardOf([byHint(1n, 'HINT_TOO_OLD'), closed]);
    assert.deepEqual([guard.takesFrom('x'), guard.takesFrom('y')], [false, true]);
  });
});
