import assert from 'node:assert/strict';
import { settle, type VirtualClock } from './clock.ts';

/**
 * What `promise` comes to within so much virtual time. Else the test fails at once with a sentence,
 * where a plain `await` would run into the timeout of the runner.
 */
export async function soon<T>(
  clock: VirtualClock,
  what: string,
  promise: Promise<T>,
  ms = 1_000,
): Promise<T> {
  const outcome = promise.then(
    (value) => () => value,
    (error: unknown) => (): T => {
      throw error;
    },
  );
  await clock.advance(ms);
  const come = await Promise.race([outcome, settle().then(() => null)]);
  if (come === null) assert.fail(`${what} within ${ms} ms`);
  return come();
}
