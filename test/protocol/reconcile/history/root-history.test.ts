import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { EVERYTHING, RootHistory } from '../../../../src/protocol/index.ts';
import { rootHint } from '../../../../src/protocol/reconcile/testing.ts';
import { bytesToHex, type ItemKey, SortedVector } from '../../../../src/store/index.ts';
import { keysOf } from '../../../conformance/pairs.ts';
import { assertProperty } from '../../../support/property.ts';
import { wideSum } from '../../../support/wide-sum.ts';

/** Keys that are kept and forgotten together. */
const CHUNK = 1_024;

/** A set, and the history that hears of its commits. */
class Watched {
  readonly set = new SortedVector({ scheme: wideSum });
  readonly history: RootHistory;

  constructor(init: { maxRoots?: number; maxKeys?: number } = {}) {
    this.history = new RootHistory({ scheme: wideSum, ...init });
  }

  commit(keys: readonly ItemKey[]): void {
    this.set.insert(keys);
    this.history.added(keys);
  }

  get root(): Uint8Array {
    return this.#current().root;
  }

  /** What a session with a peer of this root learns, by a snapshot of now. */
  since(root: Uint8Array, at = this.session()): string[] | null {
    return at(root);
  }

  session(): (root: Uint8Array) => string[] | null {
    const [view, current] = [this.history.now(), this.#current()];
    return (root) => {
      const keys = view.since(root, current);
      return keys && [...keys.ids(EVERYTHING)].flatMap(idsIn);
    };
  }

  #current() {
    const snapshot = this.set.snapshot();
    const { size: count } = snapshot;
    const state = () => snapshot.fingerprint(0, count);
    return { count, root: rootHint(state(), count), state };
  }
}

function idsIn(ids: Uint8Array): string[] {
  const found: string[] = [];
  for (let at = 0; at < ids.length; at += 32) found.push(bytesToHex(ids.subarray(at, at + 32)));
  return found;
}

const idsOf = (keys: readonly ItemKey[]) => keys.map(({ id }) => bytesToHex(id));
const keys = keysOf(1, 4 * CHUNK);
const UNKNOWN = new Uint8Array(16);

describe('a history of roots', () => {
  it('begins with the first session, and tells what came since each commit', () => {
    const watched = new Watched();
    watched.commit(keys.slice(0, 10));
    const early = watched.root;
    watched.commit(keys.slice(10, 20));
    const begun = watched.root;
    assert.equal(watched.since(early), null, 'no session has told the state');
    assert.equal(watched.since(early), null, 'it was before the first session');
    watched.commit(keys.slice(20, 23));
    const later = watched.root;
    watched.commit(keys.slice(23, 27));
    assert.deepEqual(watched.since(begun), idsOf(keys.slice(20, 27)));
    assert.deepEqual(watched.since(later), idsOf(keys.slice(23, 27)));
    assert.equal(watched.since(watched.root), null, 'nothing came since');
    assert.equal(watched.since(UNKNOWN), null);
  });

  it('speaks of the snapshot, whatever comes after it', () => {
    const watched = new Watched();
    const early = watched.session();
    watched.commit(keys.slice(0, 5));
    assert.equal(early(UNKNOWN), null);
    const empty = rootHint(wideSum.empty(), 0);
    watched.commit(keys.slice(5, 9));
    const session = watched.session();
    watched.commit(keys.slice(9, 12));
    assert.deepEqual(session(empty), idsOf(keys.slice(0, 9)));
    assert.equal(session(watched.root), null, 'that root came after the snapshot');
    assert.equal(early(empty), null);
    assert.deepEqual(watched.since(empty), idsOf(keys.slice(0, 12)));
  });

  it('begins from no snapshot that so many keys have passed that their sum would hold the event loop', () => {
    for (const passed of [CHUNK, CHUNK + 1]) {
      const watched = new Watched();
      const early = watched.session();
      watched.commit(keys.slice(0, passed));
      const root = watched.root;
      early(UNKNOWN);
      watched.commit([keys[passed]!]);
      const told = watched.since(root);
      assert.deepEqual(told, passed === CHUNK ? idsOf([keys[passed]!]) : null);
    }
  });

  it('claims nothing once an item has left, and begins anew', () => {
    const watched = new Watched();
    watched.commit(keys.slice(0, 5));
    watched.since(UNKNOWN);
    const before = watched.root;
    watched.commit(keys.slice(5, 9));
    watched.set.remove([keys[2]!.id]);
    assert.equal(watched.since(before), null);
    const after = watched.root;
    watched.commit(keys.slice(9, 11));
    assert.equal(watched.since(before), null);
    assert.deepEqual(watched.since(after), idsOf(keys.slice(9, 11)));
    watched.set.insert([keys[2]!]);
    watched.history.added([keys[2]!]);
    assert.deepEqual(watched.since(after), idsOf([keys[9]!, keys[10]!, keys[2]!]));
  });

  it('keeps the last roots, and no more', () => {
    const watched = new Watched({ maxRoots: 100 });
    watched.since(UNKNOWN);
    const roots = keys.slice(0, 250).map((key) => {
      watched.commit([key]);
      return watched.root;
    });
    assert.deepEqual(watched.since(roots[150]!), idsOf(keys.slice(151, 250)));
    assert.equal(watched.since(roots[149]!), null);
    assert.deepEqual(watched.since(roots[248]!), idsOf(keys.slice(249, 250)));
  });

  it('keeps the last keys, and no more, but for a session that reads them', () => {
    const watched = new Watched({ maxKeys: 2 * CHUNK });
    watched.commit(keys.slice(0, 7));
    watched.since(UNKNOWN);
    const first = watched.root;
    watched.commit(keys.slice(7, CHUNK));
    const second = watched.root;
    watched.commit(keys.slice(CHUNK, 2 * CHUNK));
    const [view, snapshot] = [watched.history.now(), watched.set.snapshot()];
    const current = {
      count: 2 * CHUNK,
      root: watched.root,
      state: () => snapshot.fingerprint(0, 0),
    };
    const reading = view.since(first, current)!;
    assert.deepEqual(watched.since(first), idsOf(keys.slice(7, 2 * CHUNK)));
    watched.commit(keys.slice(2 * CHUNK, 3 * CHUNK));
    assert.equal(watched.since(first), null);
    assert.deepEqual(watched.since(second), idsOf(keys.slice(CHUNK, 3 * CHUNK)));
    assert.deepEqual([...reading.ids(EVERYTHING)].flatMap(idsIn), idsOf(keys.slice(7, 2 * CHUNK)));
  });

  it('leaves out what lies outside an interval', () => {
    const watched = new Watched();
    watched.since(UNKNOWN);
    const empty = watched.root;
    const some = keys.slice(0, 50);
    watched.commit(some);
    const snapshot = watched.set.snapshot();
    const [lower, upper] = [snapshot.select(10), snapshot.select(30)];
    const current = { count: 50, root: watched.root, state: () => snapshot.fingerprint(0, 50) };
    const recent = watched.history.now().since(empty, current)!;
    const ids = [...recent.ids({ lower, upper })].flatMap(idsIn);
    assert.deepEqual(ids.sort(), idsOf([...snapshot.keys(10, 30)]).sort());
  });

  it('tells exactly what a peer lacks, or nothing, whatever came and left', async () => {
    const step = fc.oneof(
      { weight: 6, arbitrary: fc.record({ add: fc.integer({ min: 1, max: 40 }) }) },
      { weight: 1, arbitrary: fc.record({ remove: fc.nat() }) },
      { weight: 2, arbitrary: fc.constant({ session: true }) },
    );
    const bounds = fc.record({ maxRoots: fc.integer({ min: 1, max: 9 }), maxKeys: fc.constant(0) });
    await assertProperty(
      fc.property(fc.array(step, { maxLength: 30 }), bounds, (steps, init) => {
        const watched = new Watched(init);
        const sets = new Map<string, Set<string>>();
        let made = 0;
        for (const one of steps) {
          if ('add' in one) {
            watched.commit(keys.slice(made, made + one.add));
            made += one.add;
          } else if ('session' in one) watched.since(UNKNOWN);
          else if (watched.set.size > 0) {
            watched.set.remove([watched.set.snapshot().select(one.remove % watched.set.size).id]);
          }
          const now = watched.set.snapshot();
          const held = new Set(idsOf([...now.keys(0, now.size)]));
          for (const [root, then] of sets) {
            const told = watched.since(Uint8Array.from(Buffer.from(root, 'hex')));
            if (told === null) continue;
            assert.deepEqual(new Set([...then, ...told]), held);
            assert.equal(told.length + then.size, held.size);
          }
          sets.set(bytesToHex(watched.root), held);
        }
      }),
    );
  });
});
