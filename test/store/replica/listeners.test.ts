import assert from 'node:assert/strict';
import { it } from 'node:test';
import { Listeners } from '../../../src/store/replica/testing.ts';

it('Listeners calls each listener as often as it was added, until it is removed', () => {
  const listeners = new Listeners<number>(undefined);
  const heard: string[] = [];
  const both = (event: number): void => void heard.push(`both ${event}`);
  const once = listeners.add(both);
  const twice = listeners.add(both);
  const third = listeners.add((event) => heard.push(`third ${event}`));
  listeners.tell(() => 1);
  assert.deepEqual(heard.splice(0), ['both 1', 'both 1', 'third 1']);
  once();
  once();
  listeners.tell(() => 2);
  assert.deepEqual(heard.splice(0), ['both 2', 'third 2']);
  third();
  twice();
  let asked = 0;
  listeners.tell(() => asked++);
  assert.deepEqual([heard, asked], [[], 0], 'an event that has no listener is not made');
});

it('Listeners logs a listener that fails, and calls the others, each time', () => {
  const errors: unknown[] = [];
  const logger = {
    warn: () => undefined,
    error: (fields: object, message: string) => errors.push({ ...fields, message }),
  };
  const listeners = new Listeners<number>(logger);
  const failure = new Error('a listener');
  listeners.add(() => {
    throw failure;
  });
  const heard: number[] = [];
  listeners.add((event) => heard.push(event));
  listeners.tell(() => 1);
  listeners.tell(() => 2);
  assert.deepEqual(heard, [1, 2]);
  const message = 'a listener of the store failed; the store goes on';
  assert.deepEqual(errors, Array(2).fill({ err: failure, message }));
  const silent = new Listeners<number>(undefined);
  silent.add(() => {
    throw failure;
  });
  silent.tell(() => 3);
});
