import assert from 'node:assert/strict';
import { settle } from './clock.ts';

const WAITING = Symbol('waiting');

/** What a promise has come to by now; fails with the sentence, at once, when it still waits. */
export async function byNow<T>(promise: Promise<T>, otherwise: string): Promise<T> {
  const outcome = await Promise.race([promise, settle().then(() => WAITING)]);
  assert.notEqual(outcome, WAITING, otherwise);
  return outcome as T;
}
