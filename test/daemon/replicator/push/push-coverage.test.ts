import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { PushCoverage } from '../../../../src/daemon/replicator/push/index.ts';
import { bytesToKey, type ItemKey } from '../../../../src/store/index.ts';

function key(number: number): ItemKey {
  const id = new Uint8Array(32);
  new DataView(id.buffer).setUint32(0, number);
  return { hint: 1n, id };
}

function committed(told: PushCoverage, version: number, keys: readonly ItemKey[]): void {
  told.committed(
    version,
    keys.map(({ id }) => bytesToKey(id)),
  );
}

describe('what the mesh was told by push', () => {
  it('is all since the last change that was not pushed', () => {
    const told = new PushCoverage();
    committed(told, 1, [key(1), key(2)]);
    told.pushed([key(1), key(2)]);
    assert.equal(told.since(), 0);
    committed(told, 2, [key(3)]);
    committed(told, 3, [key(4)]);
    told.pushed([key(4)]);
    assert.equal(told.since(), 2);
    committed(told, 4, [key(5)]);
    told.pushed([key(5)]);
    assert.equal(told.since(), 2);
    told.changed(5);
    assert.equal(told.since(), 5);
  });

  it('is nothing of a commit that was pushed in part, or too late', () => {
    const told = new PushCoverage();
    committed(told, 1, [key(1), key(2)]);
    told.pushed([key(1)]);
    assert.equal(told.since(), 1);
    committed(told, 2, [key(3)]);
    assert.equal(told.since(), 2);
    told.pushed([key(3)]);
    assert.equal(told.since(), 2);
  });

  it('does not follow more than it has room for', () => {
    const told = new PushCoverage();
    for (let commit = 1; commit <= 20; commit++) {
      const keys = Array.from({ length: 1_000 }, (_, i) => key(1_000 * commit + i));
      committed(told, commit, keys);
      if (commit < 20) continue;
      told.pushed(keys);
    }
    assert.ok(told.since() > 0);
  });
});
