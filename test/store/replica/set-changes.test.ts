import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { SetChanges } from '../../../src/store/replica/testing.ts';

const KEY = { hint: 1n, id: new Uint8Array(32) };

describe('the changes of a set', () => {
  it('move its content each time, and its version unless items below the floor leave', () => {
    const changes = new SetChanges(undefined);
    const heard: unknown[] = [];
    changes.onPruned.add((pruned) => heard.push(pruned));
    changes.onDropped.add((keys) => heard.push(keys));
    const figures = (): number[] => [changes.version, changes.content];
    changes.moved();
    assert.deepEqual(figures(), [1, 1]);
    changes.pruned({ below: 5n, items: 2 });
    assert.deepEqual(figures(), [1, 2]);
    changes.dropped([KEY]);
    assert.deepEqual(figures(), [2, 3]);
    changes.damaged(KEY);
    assert.deepEqual(figures(), [3, 4]);
    assert.deepEqual(heard, [{ below: 5n, items: 2 }, [KEY]]);
  });
});
