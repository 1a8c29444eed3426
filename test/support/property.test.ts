import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { assertProperty } from './property.ts';

const lists = fc.array(fc.nat(), { minLength: 30, maxLength: 60 });
/** Holds for no list, so every smaller one fails too. */
const never = (): boolean => false;

describe('assertProperty', () => {
  it('tries a bounded number of smaller cases after a failure, under either kind of property', async () => {
    for (const shrinks of [0, 7]) {
      let runs = 0;
      const fails = (): boolean => {
        runs++;
        return false;
      };
      assert.throws(() => assertProperty(fc.property(lists, fails), { shrinks }));
      assert.equal(runs, 1 + shrinks, `runs after one failure with ${shrinks} smaller cases`);
      runs = 0;
      const asynchronous = fc.asyncProperty(lists, async () => fails());
      await assert.rejects(assertProperty(asynchronous, { shrinks }));
      assert.equal(runs, 1 + shrinks);
    }
  });

  it('names the seed and the path, and they bring the same case back', () => {
    const failure = (options: object): string => {
      try {
        assertProperty(fc.property(lists, never), { shrinks: 5, ...options });
      } catch (error) {
        return String(error);
      }
      return 'no failure';
    };
    const message = failure({ seed: 11 });
    const [, path] = /seed: 11, path: "([0-9:]+)"/.exec(message) ?? [];
    assert.ok(path !== undefined, message);
    const counterexample = (text: string) => /Counterexample: .*/.exec(text)?.[0];
    assert.equal(counterexample(failure({ seed: 11, path })), counterexample(message));
  });

  it('runs every case of a property that holds', () => {
    let runs = 0;
    assertProperty(
      fc.property(lists, () => {
        runs++;
      }),
      { numRuns: 20, shrinks: 3 },
    );
    assert.equal(runs, 20);
  });
});
