import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { InvariantError, invariant, onBrokenInvariant } from '../../src/store/index.ts';

const broken = (): void => invariant(1 > 2, 'commit', 'TREE_COUNT', [1, 2]);

describe('an invariant', () => {
  it('does nothing while it holds', () => {
    assert.equal(invariant(true, 'process', 'TREE_COUNT', 1), undefined);
  });

  it('throws an error with its name, the values seen and the end of its choice', () => {
    assert.throws(broken, (error) => {
      assert.ok(error instanceof InvariantError);
      assert.deepEqual(
        [error.code, error.invariant, error.ends],
        ['INVARIANT_BROKEN', 'TREE_COUNT', 'commit'],
      );
      assert.match(error.message, /^TREE_COUNT does not hold \(seen: 1, 2\): .* report it/);
      return true;
    });
  });

  it('is told before it is thrown, until the listener is taken away', () => {
    const told: string[] = [];
    const forget = onBrokenInvariant(({ invariant: name }) => told.push(name));
    assert.throws(broken);
    forget();
    assert.throws(broken);
    assert.deepEqual(told, ['TREE_COUNT']);
  });
});
