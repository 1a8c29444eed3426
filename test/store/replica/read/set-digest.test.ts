import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { MemoryTree, type Snapshot, StoreError } from '../../../../src/store/index.ts';
import { SetDigest } from '../../../../src/store/replica/read/index.ts';
import { wideSum } from '../../../support/wide-sum.ts';

describe('the digest of the set', () => {
  it('is computed once for each version, and copied for each caller', () => {
    const set = new CountedSet();
    const digest = new SetDigest();
    const first = digest.of(1, set.take);
    assert.deepEqual(first, new Uint8Array(32).fill(3));
    first?.fill(9);
    assert.deepEqual(digest.of(1, set.take), new Uint8Array(32).fill(3));
    assert.deepEqual([set.taken, set.released], [1, 1]);
    set.add(4);
    assert.deepEqual(digest.of(2, set.take), new Uint8Array(32).fill(7));
    assert.deepEqual(digest.of(2, set.take), new Uint8Array(32).fill(7));
    assert.deepEqual([set.taken, set.released], [2, 2]);
  });

  it('is null while the set cannot be read, and is present afterwards for the same version', () => {
    const set = new CountedSet();
    const digest = new SetDigest();
    const level = Object.assign(new Error('gone'), { code: 'LEVEL_CORRUPTION' });
    for (const failure of [new StoreError('STORE_CORRUPT', 'damaged'), level]) {
      set.failure = failure;
      assert.equal(digest.of(1, set.take), null);
    }
    assert.equal(set.released, set.taken, 'a snapshot is released also when it fails');
    set.failure = null;
    assert.deepEqual(digest.of(1, set.take), new Uint8Array(32).fill(3));
  });

  it('throws errors from outside the store', () => {
    const set = new CountedSet();
    set.failure = new TypeError('a bug');
    assert.throws(() => new SetDigest().of(1, set.take), TypeError);
    set.failure = Object.assign(new Error('other'), { code: 'EMFILE' });
    assert.throws(() => new SetDigest().of(1, set.take), /other/);
  });

  it('is null where no snapshot can be taken', () => {
    const none = (): Snapshot => {
      throw new StoreError('STORE_REBUILDING', 'being built');
    };
    assert.equal(new SetDigest().of(1, none), null);
  });
});

/** A set of one id that counts its snapshots, and whose fingerprints may fail. */
class CountedSet {
  taken = 0;
  released = 0;
  failure: Error | null = null;
  readonly #tree = new MemoryTree({ scheme: wideSum });

  constructor() {
    this.add(3);
  }

  add(byte: number): void {
    this.#tree.insert([{ hint: BigInt(byte), id: new Uint8Array(32).fill(byte) }]);
  }

  readonly take = (): Snapshot => {
    this.taken++;
    const snapshot = this.#tree.snapshot();
    return {
      ...unbound(snapshot),
      fingerprint: (begin, end) => {
        if (this.failure !== null) throw this.failure;
        return snapshot.fingerprint(begin, end);
      },
      release: () => {
        this.released++;
        snapshot.release();
      },
    };
  };
}

function unbound(snapshot: Snapshot): Snapshot {
  return {
    scheme: snapshot.scheme,
    size: snapshot.size,
    select: (rank) => snapshot.select(rank),
    lowerBound: (bound) => snapshot.lowerBound(bound),
    keys: (begin, end) => snapshot.keys(begin, end),
    ids: (begin, end) => snapshot.ids(begin, end),
    fingerprint: (begin, end) => snapshot.fingerprint(begin, end),
    contains: (id) => snapshot.contains(id),
    release: () => snapshot.release(),
  };
}
