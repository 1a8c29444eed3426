import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { CommittedKeys } from '../../../../src/daemon/replicator/fetching/index.ts';
import { bytesToKey } from '../../../../src/store/index.ts';

describe('the keys of a commit', () => {
  it('are made when a part looks for some, and once for all parts', () => {
    let read = 0;
    const ids = [1, 2].map((fill) => new Uint8Array(32).fill(fill));
    const added = ids.map((id) => ({
      hint: 1n,
      get id() {
        read++;
        return id;
      },
    }));
    const keys = new CommittedKeys(added);
    assert.deepEqual([keys.length, read], [2, 0]);
    assert.deepEqual([...keys], ids.map(bytesToKey));
    assert.deepEqual([...keys], ids.map(bytesToKey));
    assert.equal(read, 2);
  });
});
