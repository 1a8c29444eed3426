import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { PushCoverage } from '../../../../src/daemon/replicator/push/index.ts';
import { bytesToKey, type ItemKey } from '../../../../src/store/index.ts';

function key(number: number): ItemKey {
  const id = new Uint8Array(32);
  new DataView(id.buffer).setUint32(0, number);
  return { hint: 1n, id };
}

function committed(coverage: PushCoverage, version: number, keys: readonly ItemKey[]): void {
  coverage.committed(
    version,
    keys.map(({ id }) => bytesToKey(id)),
  );
}

describe('the push coverage', () => {
  it('includes every change since the last change that was not pushed', () => {
    const coverage = new PushCoverage();
    committed(coverage, 1, [key(1), key(2)]);
    coverage.pushed([key(1), key(2)]);
    assert.equal(coverage.since(), 0);
    committed(coverage, 2, [key(3)]);
    committed(coverage, 3, [key(4)]);
    coverage.pushed([key(4)]);
    assert.equal(coverage.since(), 2);
    committed(coverage, 4, [key(5)]);
    coverage.pushed([key(5)]);
    assert.equal(coverage.since(), 2);
    coverage.changed(5);
    assert.equal(coverage.since(), 5);
  });

  it('excludes a commit that was pushed in part, or too late', () => {
    const coverage = new PushCoverage();
    committed(coverage, 1, [key(1), key(2)]);
    coverage.pushed([key(1)]);
    assert.equal(coverage.since(), 1);
    committed(coverage, 2, [key(3)]);
    assert.equal(coverage.since(), 2);
    coverage.pushed([key(3)]);
    assert.equal(coverage.since(), 2);
  });

  it('follows commits up to its bound', () => {
    const coverage = new PushCoverage();
    for (let commit = 1; commit <= 20; commit++) {
      const keys = Array.from({ length: 1_000 }, (_, i) => key(1_000 * commit + i));
      committed(coverage, commit, keys);
      if (commit < 20) continue;
      coverage.pushed(keys);
    }
    assert.ok(coverage.since() > 0);
  });
});
