import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { commonware, ReconciliationSet } from '../../../src/protocol/index.ts';
import { bytesToHex, type ItemKey } from '../../../src/store/index.ts';
import { converse, sorted } from '../../conformance/dialect.ts';
import { c, idOf, run, snapshotsOf, vectors } from './vectors.ts';

const PEERS = ['ann', 'bob', 'cyd', 'dee'];
const id = (n: number): Uint8Array => new Uint8Array(32).fill(n);
const hex = (ids: Iterable<Uint8Array>): string[] => [...ids].map(bytesToHex);

/** The set as one would write it without a thought for cost. */
class Model {
  readonly #sources = new Map<number, string[]>();
  readonly #claims = new Map<number, string>();

  add(peer: string, ids: number[]): number {
    let fresh = 0;
    for (const n of ids) {
      const sources = this.sources(n);
      if (sources.length === 0) fresh++;
      if (!sources.includes(peer)) this.#sources.set(n, [...sources, peer]);
    }
    return fresh;
  }

  sources(n: number): string[] {
    return this.#sources.get(n) ?? [];
  }

  claimedBy(n: number): string | undefined {
    return this.#claims.get(n);
  }

  available(peer: string): number[] {
    return this.missing().filter((n) => this.sources(n).includes(peer) && !this.#claims.has(n));
  }

  claim(peer: string, ids: number[]): void {
    for (const n of ids) this.#claims.set(n, peer);
  }

  release(peer: string, n: number, forget: boolean): boolean {
    if (this.#claims.get(n) !== peer) return false;
    this.#claims.delete(n);
    if (forget) this.#forget(peer, n);
    return true;
  }

  received(n: number): boolean {
    this.#claims.delete(n);
    return this.#sources.delete(n);
  }

  drop(peer: string): void {
    for (const n of this.missing()) this.#forget(peer, n);
    for (const [n, holder] of this.#claims) if (holder === peer) this.#claims.delete(n);
  }

  missing(): number[] {
    return [...this.#sources.keys()];
  }

  #forget(peer: string, n: number): void {
    const rest = this.sources(n).filter((other) => other !== peer);
    if (rest.length > 0) this.#sources.set(n, rest);
    else this.received(n);
  }
}

const peers = fc.constantFrom(...PEERS);
const numbers = fc.nat({ max: 23 });
const actions = fc.oneof(
  fc.tuple(fc.constant('add' as const), peers, fc.array(numbers, { maxLength: 12 })),
  fc.tuple(fc.constant('claim' as const), peers, fc.nat({ max: 8 })),
  fc.tuple(fc.constant('release' as const), peers, numbers, fc.boolean()),
  fc.tuple(fc.constant('received' as const), numbers),
  { weight: 1, arbitrary: fc.tuple(fc.constant('drop' as const), peers) },
);
type Action = typeof actions extends fc.Arbitrary<infer A> ? A : never;

function apply(set: ReconciliationSet, model: Model, action: Action): void {
  if (action[0] === 'add') {
    const [, peer, ids] = action;
    assert.equal(set.add(peer, ids.map(id)), model.add(peer, ids));
  } else if (action[0] === 'claim') {
    const [, peer, max] = action;
    const available = model.available(peer);
    const claimed = set.claim(peer, max).map((bytes) => bytes[0]!);
    assert.equal(claimed.length, Math.min(max, available.length));
    assert.equal(new Set(claimed).size, claimed.length);
    assert.ok(
      claimed.every((n) => available.includes(n)),
      'only what nobody else has claimed',
    );
    model.claim(peer, claimed);
  } else if (action[0] === 'release') {
    const [, peer, n, forget] = action;
    assert.equal(set.release(peer, id(n), { forget }), model.release(peer, n, forget));
  } else if (action[0] === 'received') {
    assert.equal(set.received(id(action[1])), model.received(action[1]));
  } else {
    set.drop(action[1]);
    model.drop(action[1]);
  }
}

function compare(set: ReconciliationSet, model: Model): void {
  assert.deepEqual(hex(set.missing()), hex(model.missing().map(id)));
  assert.equal(set.size, model.missing().length);
  let claimed = 0;
  for (let n = 0; n < 24; n++) {
    assert.deepEqual(set.sources(id(n)), model.sources(n));
    assert.equal(set.has(id(n)), model.sources(n).length > 0);
    assert.equal(set.claimedBy(id(n)), model.claimedBy(n));
    if (model.claimedBy(n) !== undefined) claimed++;
  }
  assert.equal(set.claimed, claimed);
}

describe('ReconciliationSet', () => {
  it('agrees with a naive model under any sequence of calls', () => {
    fc.assert(
      fc.property(fc.array(actions, { maxLength: 60 }), (sequence) => {
        const set = new ReconciliationSet();
        const model = new Model();
        for (const action of sequence) {
          apply(set, model, action);
          compare(set, model);
        }
        for (const peer of PEERS) set.drop(peer);
        assert.equal(set.size + set.claimed, 0);
      }),
      { numRuns: 600 },
    );
  });

  it('claims oldest first; what was given back comes after the others', () => {
    const set = new ReconciliationSet();
    set.add('ann', [3, 1, 2].map(id));
    set.add('bob', [9, 2, 1, 3].map(id));
    assert.deepEqual(hex(set.claim('ann', 2)), hex([3, 1].map(id)));
    assert.deepEqual(hex(set.claim('bob', 9)), hex([9, 2].map(id)));
    assert.equal(set.release('ann', id(3)), true);
    assert.equal(set.release('ann', id(1), { forget: true }), true);
    assert.deepEqual(hex(set.claim('ann', 9)), hex([id(3)]));
    assert.deepEqual(hex(set.claim('bob', 9)), hex([id(1)]));
  });

  it('takes so many ids of one peer and no more, until some have come in', () => {
    const set = new ReconciliationSet({ maxIdsPerPeer: 3 });
    assert.equal(set.add('ann', [1, 2, 3, 4, 5].map(id)), 3);
    assert.equal(set.add('bob', [5].map(id)), 1);
    set.received(id(2));
    assert.equal(set.add('ann', [5, 4].map(id)), 0);
    assert.deepEqual(set.sources(id(5)), ['bob', 'ann']);
    assert.equal(set.has(id(4)), false);
  });

  it('stays small and quick while 50,000 ids of eight peers come and go, twice', () => {
    const set = new ReconciliationSet();
    const names = Array.from({ length: 8 }, (_, i) => `peer ${i}`);
    const ids = Array.from({ length: 50_000 }, (_, i) => {
      const bytes = id(0);
      new DataView(bytes.buffer).setUint32(0, i);
      return bytes;
    });
    for (const fetchers of [names, names.slice(0, 1)]) {
      for (const name of names) set.add(name, ids);
      let claimed = 0;
      while (set.size > 0) {
        for (const name of fetchers) {
          for (const one of set.claim(name, 500)) {
            claimed++;
            set.received(one);
          }
        }
      }
      assert.equal(claimed, ids.length);
    }
    assert.deepEqual(set.claim(names[7]!, 1), []);
  });
});

describe('aggregation over three peers', () => {
  const mine = run(0, 200, c, (i) => i % 4 !== 0);
  const x = (j: number): ItemKey => ({ hint: BigInt(9_000_000 + j), id: idOf('X', j) });
  const theirs: Record<string, ItemKey[]> = {
    P1: run(0, 200, c, (i) => i % 3 !== 0),
    P2: run(0, 200, c, (i) => i % 5 !== 0),
    P3: [...run(0, 100), ...run(0, 4, x)],
  };
  for (const one of vectors.reconciliation_set.cases) {
    it(one.name, () => {
      const set = new ReconciliationSet();
      let blind = false;
      for (const session of one.sessions) {
        const [me, peer] = snapshotsOf(mine, theirs[session.peer]!);
        const first = session.initiator === 'me';
        const { frames, missing } = converse(
          commonware.session({ role: 'initiator', snapshot: first ? me : peer }),
          commonware.session({ role: 'responder', snapshot: first ? peer : me }),
        );
        const learnt = first ? missing.initiator : missing.responder;
        const told = first ? missing.responder : missing.initiator;
        assert.deepEqual(sorted(learnt), [...session.me_missing_true].sort());
        assert.deepEqual(sorted(told), [...session.peer_missing_true].sort());
        set.add(session.peer, learnt);
        const correct =
          session.me_missing_found_in_order.length === session.me_missing_true.length &&
          session.peer_missing_found.length === session.peer_missing_true.length;
        blind ||= !correct;
        if (correct) assert.deepEqual(hex(frames.map(({ frame }) => frame)), session.messages);
      }
      assert.equal(set.size, one.true_union_count);
      const aggregated = one.aggregated_missing_in_order_with_sources;
      const ours = [...set.missing()].map((i) => ({ id: bytesToHex(i), sources: set.sources(i) }));
      if (!blind) assert.deepEqual(ours, aggregated);
      const [oldest] = set.missing();
      assert.equal(set.received(oldest!), one.mark_received_first);
      assert.equal(set.received(oldest!), one.mark_received_again);
      assert.deepEqual(set.sources(oldest!), []);
      assert.equal(set.size, one.true_union_count - 1);
    });
  }
});
