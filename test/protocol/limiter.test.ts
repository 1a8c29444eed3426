import assert from 'node:assert/strict';
import { getEventListeners } from 'node:events';
import { describe, it } from 'node:test';
import { Limiter, Limiters, type Release } from '../../src/protocol/testing.ts';
import { byNow } from '../support/by-now.ts';
import { settle } from '../support/clock.ts';

const NEVER = new AbortController().signal;

/** Asks for a place each, in order; `entered` names those that are in. */
function queue(limiter: Limiter, names: string, signal: AbortSignal = NEVER) {
  const entered: string[] = [];
  const releases = new Map<string, Release>();
  const failures: unknown[] = [];
  for (const name of names) {
    const come = (release: Release): void => {
      entered.push(name);
      releases.set(name, release);
    };
    limiter.take(signal).then(come, (error) => failures.push(error));
  }
  const leave = async (name: string): Promise<void> => {
    releases.get(name)!();
    await settle();
  };
  return { entered, failures, leave };
}

describe('Limiter', () => {
  it('admits up to its limit, and one more for each that leaves, in order of arrival', async () => {
    const limiter = new Limiter(2);
    assert.equal(limiter.idle, true);
    const { entered, leave } = queue(limiter, 'abcde');
    await settle();
    assert.deepEqual(entered, ['a', 'b']);
    for (const [left, next] of ['bc', 'ad', 'ce']) {
      await leave(left!);
      assert.equal(entered.at(-1), next);
    }
    assert.equal(entered.length, 5);
    await leave('d');
    assert.equal(limiter.idle, false);
    await leave('e');
    assert.equal(limiter.idle, true);
    const again = queue(limiter, 'xyz');
    await settle();
    assert.deepEqual(again.entered, ['x', 'y'], 'it has as many places as at the start');
  });

  it('counts a place once that is released twice', async () => {
    const limiter = new Limiter(1);
    const { entered, leave } = queue(limiter, 'abc');
    await settle();
    await leave('a');
    await leave('a');
    assert.deepEqual(entered, ['a', 'b']);
    await leave('b');
    await leave('c');
    await leave('c');
    const again = queue(limiter, 'xy');
    await settle();
    assert.deepEqual(again.entered, ['x']);
  });

  it('skips a waiter that gave up, and admits the next', async () => {
    const limiter = new Limiter(1);
    const first = queue(limiter, 'a');
    const abort = new AbortController();
    const second = queue(limiter, 'bc', abort.signal);
    const third = queue(limiter, 'd');
    const reason = new Error('enough');
    abort.abort(reason);
    await settle();
    assert.deepEqual(second.failures, [reason, reason]);
    await first.leave('a');
    assert.deepEqual([second.entered, third.entered], [[], ['d']]);
  });

  it('gives no place to an aborted caller, and takes none from an admitted one', async () => {
    const limiter = new Limiter(1);
    const abort = new AbortController();
    const first = queue(limiter, 'a');
    const second = queue(limiter, 'b', abort.signal);
    await settle();
    await first.leave('a');
    assert.deepEqual(second.entered, ['b']);
    assert.equal(getEventListeners(abort.signal, 'abort').length, 0, 'no listener is left');
    abort.abort(new Error('late'));
    assert.equal(limiter.idle, false);
    await second.leave('b');
    const late = limiter.take(abort.signal);
    await assert.rejects(byNow(late, 'it waits'), { message: 'late' });
    assert.equal(limiter.idle, true);
  });
});

describe('Limiters', () => {
  it('are one for each name, kept while it has places in use', async () => {
    const limiters = new Limiters(1);
    const a = limiters.of('a');
    assert.notEqual(limiters.of('b'), a);
    const release = await byNow(a.take(NEVER), 'the first waits');
    limiters.tidy('a');
    assert.equal(limiters.of('a'), a, 'a name in use is kept');
    release();
    limiters.tidy('b');
    limiters.tidy('unknown');
    assert.equal(limiters.of('a'), a, 'another name is not touched');
    limiters.tidy('a');
    assert.notEqual(limiters.of('a'), a, 'a name out of use is forgotten');
  });

  it('have the given limit', async () => {
    const { entered } = queue(new Limiters(2).of('a'), 'xyz');
    await settle();
    assert.deepEqual(entered, ['x', 'y']);
  });
});
