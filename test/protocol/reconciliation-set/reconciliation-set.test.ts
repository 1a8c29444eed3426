import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { commonware, ReconciliationSet } from '../../../src/protocol/index.ts';
import { bytesToHex, type ItemKey } from '../../../src/store/index.ts';
import { converse, sorted } from '../../conformance/dialect.ts';
import { assertProperty } from '../../support/property.ts';
import { c, idOf, run, snapshotsOf, vectors } from '../reconcile/dialects/commonware/vectors.ts';

const PEERS = ['ann', 'bob', 'cyd', 'dee'];
const id = (n: number): Uint8Array => new Uint8Array(32).fill(n);
const numbered = (n: number): Uint8Array => {
  const bytes = id(0);
  new DataView(bytes.buffer).setUint32(0, n);
  return bytes;
};
const hex = (ids: Iterable<Uint8Array>): string[] => [...ids].map(bytesToHex);

interface ModelListing {
  readonly owner: string;
  readonly holders: { readonly peer: string; denied: number[] }[];
}

/** The set as one would write it without a thought for cost. */
class Model {
  readonly #listed = new Map<number, string[]>();
  readonly #confirmed = new Set<number>();
  readonly #kept = new Set<number>();
  readonly #claims = new Map<number, string>();
  readonly #large = new Set<number>();
  readonly #probers = new Map<string, number[]>();
  readonly #keepsOrphans: boolean;
  #listings: ModelListing[] = [];

  constructor(keepsOrphans: boolean) {
    this.#keepsOrphans = keepsOrphans;
  }

  add(peer: string, ids: number[]): number {
    let fresh = 0;
    const holder = this.#join(this.#listing(peer), peer);
    for (const n of ids) {
      const owners = this.#owners(n);
      if (!this.#listed.has(n)) fresh++;
      if (owners.includes(peer)) holder.denied = holder.denied.filter((one) => one !== n);
      else this.#listed.set(n, [...owners, peer]);
      if (this.#owners(n).length > 1) this.#confirmed.add(n);
    }
    this.#tidy();
    return fresh;
  }

  mirror(peer: string, of: string): void {
    const listsItself = this.missing().some((n) => this.#owners(n).includes(of));
    const owner = listsItself ? of : (this.mirrors(of) ?? of);
    if (owner === peer || this.mirrors(peer) === owner) return;
    this.unmirror(peer);
    const listing = this.#listing(owner);
    if (listing.holders.length === 0) this.#join(listing, owner);
    this.#join(listing, peer);
  }

  unmirror(peer: string): void {
    this.#leave(peer, (owner) => owner !== peer);
  }

  mirrors(peer: string): string | undefined {
    return this.#held(peer).find(({ owner }) => owner !== peer)?.owner;
  }

  sources(n: number): string[] {
    const holders = this.#owners(n).flatMap((owner) => this.#listing(owner).holders);
    return [...new Set(holders.filter(({ denied }) => !denied.includes(n)).map((h) => h.peer))];
  }

  claimedBy(n: number): string | undefined {
    return this.#claims.get(n);
  }

  probe(peer: string): void {
    if (!this.#probers.has(peer)) this.#probers.set(peer, []);
  }

  available(peer: string, large: boolean): number[] {
    const offered = (n: number) =>
      this.#owners(n).length > 0
        ? this.sources(n).includes(peer)
        : this.#probers.get(peer)?.includes(n) === false;
    return this.missing().filter(
      (n) => offered(n) && !this.#claims.has(n) && this.#large.has(n) === large,
    );
  }

  get unclaimed(): { small: number; large: number } {
    const all = this.missing().filter((n) => !this.#claims.has(n));
    const large = all.filter((n) => this.#large.has(n)).length;
    return { small: all.length - large, large };
  }

  get orphans(): number {
    return this.missing().filter((n) => this.#owners(n).length === 0).length;
  }

  claim(peer: string, ids: number[]): void {
    for (const n of ids) this.#claims.set(n, peer);
  }

  release(
    peer: string,
    n: number,
    init: { forget?: boolean; keep?: boolean; length?: number },
  ): boolean {
    if (this.#claims.get(n) !== peer) return false;
    this.#claims.delete(n);
    if (init.length !== undefined) this.#large.add(n);
    if (!init.forget) return true;
    if (init.keep) this.#kept.add(n);
    for (const listing of this.#held(peer)) this.#deny(listing, peer, n);
    this.#kept.delete(n);
    if (this.#owners(n).length === 0) this.#probers.get(peer)?.push(n);
    return true;
  }

  received(n: number): boolean {
    this.#claims.delete(n);
    this.#large.delete(n);
    this.#confirmed.delete(n);
    const missing = this.#listed.delete(n);
    this.#tidy();
    return missing;
  }

  drop(peer: string, { denied }: { denied: boolean } = { denied: false }): void {
    this.unmirror(peer);
    this.#leave(peer, () => true, denied);
    this.#probers.delete(peer);
    for (const [n, holder] of this.#claims) if (holder === peer) this.#claims.delete(n);
  }

  missing(): number[] {
    return [...this.#listed.keys()];
  }

  #owners(n: number): string[] {
    return this.#listed.get(n) ?? [];
  }

  #listing(owner: string): ModelListing {
    let listing = this.#listings.find((one) => one.owner === owner);
    if (listing === undefined) {
      listing = { owner, holders: [] };
      this.#listings.push(listing);
    }
    return listing;
  }

  #held(peer: string): ModelListing[] {
    return this.#listings.filter(({ holders }) => holders.some((one) => one.peer === peer));
  }

  #join({ holders }: ModelListing, peer: string): ModelListing['holders'][number] {
    const known = holders.find((one) => one.peer === peer);
    if (known !== undefined) return known;
    holders.push({ peer, denied: [] });
    return holders.at(-1)!;
  }

  #leave(peer: string, from: (owner: string) => boolean, denied = false): void {
    for (const { holders } of this.#held(peer).filter(({ owner }) => from(owner))) {
      holders.splice(
        holders.findIndex((one) => one.peer === peer),
        1,
      );
    }
    this.#settle(denied);
  }

  #deny({ owner, holders }: ModelListing, peer: string, n: number): void {
    const holder = holders.find((one) => one.peer === peer)!;
    if (!this.#owners(n).includes(owner) || holder.denied.includes(n)) return;
    holder.denied.push(n);
    const wrong = holder.denied.length >= 8;
    this.#settle();
    if (!wrong) return;
    for (const one of [...holders]) {
      if (one.peer !== owner && (peer === owner || peer === one.peer)) this.unmirror(one.peer);
    }
  }

  /** What nobody has who may be asked for it is not listed. */
  #settle(denied = false): void {
    for (const { owner, holders } of this.#listings) {
      for (const n of this.missing().filter((one) => this.#owners(one).includes(owner))) {
        if (!holders.every(({ denied }) => denied.includes(n))) continue;
        const rest = this.#owners(n).filter((other) => other !== owner);
        const gone = holders.length === 0 && !denied;
        const worth = gone || this.#confirmed.has(n) || this.#kept.has(n);
        const orphaned = this.#keepsOrphans && worth;
        if (rest.length > 0 || orphaned) this.#listed.set(n, rest);
        else this.received(n);
      }
      const [first, ...others] = holders.map(({ denied }) => denied);
      const all = (first ?? []).filter((n) => others.every((denied) => denied.includes(n)));
      for (const one of holders) one.denied = one.denied.filter((n) => !all.includes(n));
    }
    this.#tidy();
  }

  #tidy(): void {
    this.#listings = this.#listings.filter(({ owner, holders }) => {
      const here = holders.some(({ peer }) => peer === owner);
      const mirrored = holders.some(({ peer }) => peer !== owner);
      return (here && mirrored) || this.missing().some((n) => this.#owners(n).includes(owner));
    });
  }
}

const peers = fc.constantFrom(...PEERS);
const numbers = fc.nat({ max: 23 });
const actions = fc.oneof(
  fc.tuple(fc.constant('add' as const), peers, fc.array(numbers, { maxLength: 12 })),
  fc.tuple(fc.constant('claim' as const), peers, fc.nat({ max: 8 })),
  fc.tuple(fc.constant('claimLarge' as const), peers, fc.nat({ max: 8 })),
  fc.tuple(fc.constant('probe' as const), peers),
  fc.tuple(
    fc.constant('release' as const),
    peers,
    numbers,
    fc.record(
      { forget: fc.boolean(), keep: fc.boolean(), length: fc.constant(1) },
      { requiredKeys: [] },
    ),
  ),
  fc.tuple(fc.constant('deny' as const), peers, fc.nat({ max: 9 })),
  fc.tuple(fc.constant('received' as const), numbers),
  fc.tuple(fc.constant('mirror' as const), peers, peers),
  { weight: 1, arbitrary: fc.tuple(fc.constant('unmirror' as const), peers) },
  {
    weight: 1,
    arbitrary: fc.tuple(fc.constant('drop' as const), peers, fc.record({ denied: fc.boolean() })),
  },
);
type Action = typeof actions extends fc.Arbitrary<infer A> ? A : never;

function apply(set: ReconciliationSet, model: Model, action: Action): void {
  if (action[0] === 'add') {
    const [, peer, ids] = action;
    assert.equal(set.add(peer, ids.map(id)), model.add(peer, ids));
  } else if (action[0] === 'claim') {
    claim(set, model, action[1], action[2]);
  } else if (action[0] === 'claimLarge') {
    claim(set, model, action[1], action[2], true);
  } else if (action[0] === 'deny') {
    const [, peer, max] = action;
    for (const n of claim(set, model, peer, max)) {
      const init = { forget: true };
      assert.equal(set.release(peer, id(n), init), model.release(peer, n, init));
    }
  } else if (action[0] === 'release') {
    const [, peer, n, init] = action;
    assert.equal(set.release(peer, id(n), init), model.release(peer, n, init));
  } else if (action[0] === 'received') {
    assert.equal(set.received(id(action[1])), model.received(action[1]));
  } else if (action[0] === 'mirror') {
    set.mirror(action[1], action[2]);
    model.mirror(action[1], action[2]);
  } else if (action[0] === 'drop') {
    set.drop(action[1], action[2]);
    model.drop(action[1], action[2]);
  } else {
    set[action[0]](action[1]);
    model[action[0]](action[1]);
  }
}

function claim(
  set: ReconciliationSet,
  model: Model,
  peer: string,
  max: number,
  large = false,
): number[] {
  const available = model.available(peer, large);
  const ids = large ? set.claimLarge(peer, { max, maxBytes: 99 }) : set.claim(peer, max);
  const claimed = ids.map((bytes) => bytes[0]!);
  assert.equal(claimed.length, Math.min(max, available.length));
  assert.equal(new Set(claimed).size, claimed.length);
  assert.ok(
    claimed.every((n) => available.includes(n)),
    'only what nobody else has claimed',
  );
  model.claim(peer, claimed);
  return claimed;
}

function compare(set: ReconciliationSet, model: Model): void {
  assert.deepEqual(hex(set.missing()), hex(model.missing().map(id)));
  assert.equal(set.size, model.missing().length);
  let claimed = 0;
  for (let n = 0; n < 24; n++) {
    assert.deepEqual(set.sources(id(n)), model.sources(n));
    assert.equal(set.has(id(n)), model.missing().includes(n));
    assert.equal(set.claimedBy(id(n)), model.claimedBy(n));
    if (model.claimedBy(n) !== undefined) claimed++;
  }
  assert.equal(set.claimed, claimed);
  assert.deepEqual(set.unclaimed, model.unclaimed);
  assert.equal(set.orphans, model.orphans);
  for (const peer of PEERS) assert.equal(set.mirrors(peer), model.mirrors(peer));
}

describe('ReconciliationSet', () => {
  it('agrees with a naive model under any sequence of calls', () => {
    assertProperty(
      fc.property(fc.array(actions, { maxLength: 60 }), fc.boolean(), (sequence, keep) => {
        const set = new ReconciliationSet(keep ? {} : { maxOrphans: 0 });
        const model = new Model(keep);
        for (const action of sequence) {
          apply(set, model, action);
          compare(set, model);
        }
        for (const peer of PEERS) set.drop(peer);
        assert.deepEqual([set.size - set.orphans, set.claimed], [0, 0]);
        for (const one of [...set.missing()]) set.received(one);
        assert.equal(set.orphans, 0);
      }),
      // Where a mistake shows, making the sequence smaller may take minutes.
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

  it('says how much room a peer has', () => {
    const set = new ReconciliationSet({ maxIdsPerPeer: 3, maxIds: 4 });
    assert.equal(set.room('ann'), 3);
    set.add('ann', [1, 2, 3].map(id));
    assert.deepEqual([set.room('ann'), set.room('bob')], [0, 1]);
    set.add('bob', [1, 4, 5].map(id));
    assert.deepEqual([set.room('bob'), set.has(id(5))], [0, false]);
    set.received(id(1));
    assert.deepEqual([set.room('ann'), set.room('bob')], [1, 1]);
  });

  it('claims for a mirror what another peer lists, before and after, each id once', () => {
    const set = new ReconciliationSet();
    set.add('ann', [1, 2].map(id));
    set.mirror('bob', 'ann');
    set.mirror('cyd', 'bob');
    set.add('ann', [3, 4].map(id));
    assert.deepEqual(set.sources(id(3)), ['ann', 'bob', 'cyd']);
    assert.equal(set.mirrors('cyd'), 'ann');
    assert.deepEqual([set.lists('ann', id(1)), set.lists('bob', id(1))], [true, false]);
    assert.deepEqual(hex(set.claim('bob', 1)), hex([id(1)]));
    assert.deepEqual(hex(set.claim('ann', 1)), hex([id(2)]));
    assert.deepEqual(hex(set.claim('cyd', 9)), hex([3, 4].map(id)));
    set.release('bob', id(1));
    set.unmirror('cyd');
    assert.deepEqual(set.claim('cyd', 9), []);
    assert.deepEqual(hex(set.claim('ann', 9)), hex([id(1)]));
  });

  it('does not ask a mirror again for what it lacks, and ends it after several', () => {
    const set = new ReconciliationSet();
    const ids = Array.from({ length: 20 }, (_, n) => id(n));
    set.add('ann', ids);
    set.mirror('bob', 'ann');
    for (let n = 0; n < 7; n++) set.release('bob', set.claim('bob', 1)[0]!, { forget: true });
    assert.deepEqual(set.sources(id(6)), ['ann']);
    assert.deepEqual(set.sources(id(7)), ['ann', 'bob']);
    set.release('bob', set.claim('bob', 1)[0]!, { forget: true });
    assert.equal(set.mirrors('bob'), undefined);
    assert.equal(set.claim('ann', 99).length, 20);
  });

  it('does not let invented ids travel far: the mirrors end with the peer that listed them', () => {
    const set = new ReconciliationSet();
    const ids = Array.from({ length: 50 }, (_, n) => id(n));
    set.add('ann', ids);
    for (const peer of ['bob', 'cyd']) set.mirror(peer, 'ann');
    for (const one of set.claim('ann', 50)) set.release('ann', one, { forget: true });
    assert.deepEqual([set.size, set.mirrors('bob'), set.mirrors('cyd')], [0, undefined, undefined]);
  });

  it('keeps what a peer listed that has gone, while its mirrors have it', () => {
    const set = new ReconciliationSet();
    set.add('ann', [1, 2, 3].map(id));
    set.add('bob', [id(3)]);
    set.mirror('bob', 'ann');
    set.mirror('cyd', 'ann');
    set.claim('ann', 1);
    set.drop('ann');
    assert.deepEqual(set.sources(id(3)), ['bob', 'cyd']);
    assert.deepEqual(hex(set.claim('cyd', 1)), hex([id(2)]));
    set.drop('cyd');
    assert.equal(set.claim('bob', 9).length, 3);
    set.unmirror('bob');
    assert.deepEqual(set.sources(id(1)), []);
    assert.deepEqual(set.sources(id(3)), ['bob']);
    assert.deepEqual([set.orphans, set.claimed], [2, 3]);
  });

  it('keeps what a peer listed that has gone, and asks others on the chance that they have it', () => {
    const set = new ReconciliationSet();
    set.add('ann', [1, 2].map(id));
    set.drop('ann');
    assert.deepEqual([set.size, set.orphans, set.claim('bob', 9).length], [2, 2, 0]);
    assert.equal(set.mayAsk('bob', id(1)), false);
    set.probe('bob');
    assert.equal(set.mayAsk('bob', id(1)), true);
    assert.deepEqual(hex(set.claim('bob', 9)), hex([1, 2].map(id)));
    set.release('bob', id(1), { forget: true });
    assert.equal(set.mayAsk('bob', id(1)), false);
    set.release('bob', id(2));
    assert.deepEqual(hex(set.claim('bob', 9)), hex([id(2)]));
    set.add('cyd', [1, 2].map(id));
    assert.deepEqual([set.orphans, set.claimedBy(id(2))], [0, 'bob']);
    assert.deepEqual(hex(set.claim('cyd', 9)), hex([id(1)]));
  });

  it('probes a peer no more that lacks too much', () => {
    const set = new ReconciliationSet();
    set.add(
      'ann',
      Array.from({ length: 300 }, (_, n) => numbered(n)),
    );
    set.drop('ann');
    set.probe('bob');
    for (const one of set.claim('bob', 999)) set.release('bob', one, { forget: true });
    assert.deepEqual([set.claim('bob', 999).length, set.orphans], [0, 300]);
  });

  it('drops what its only source turns out not to have, and what it listed beside', () => {
    const set = new ReconciliationSet();
    set.add('ann', [1, 2, 3].map(id));
    set.add('bob', [id(3)]);
    set.claim('ann', 1);
    set.release('ann', id(1), { forget: true });
    assert.equal(set.has(id(1)), false);
    set.drop('ann', { denied: true });
    set.drop('bob', { denied: true });
    assert.deepEqual(hex(set.missing()), hex([id(3)]));
  });

  it('keeps so many orphans, those longest that two peers had', () => {
    const set = new ReconciliationSet({ maxOrphans: 3 });
    set.add('ann', [1, 2, 3, 4, 5].map(id));
    set.add('bob', [id(2)]);
    for (const peer of ['ann', 'bob']) set.drop(peer);
    assert.deepEqual(hex(set.missing()), hex([2, 4, 5].map(id)));
    assert.deepEqual([set.orphans, set.lost], [3, 2]);
  });

  it('gives up the oldest orphans, however many peers leave and whatever was listed between', () => {
    const set = new ReconciliationSet({ maxOrphans: 100 });
    for (let peer = 0; peer < 500; peer++) {
      set.add(
        `${peer}`,
        Array.from({ length: peer % 7 }, (_, i) => numbered(10 * peer + i)),
      );
      set.drop(`${peer}`);
    }
    const last = [...set.missing()];
    assert.deepEqual([last.length, set.orphans], [100, 100]);
    assert.ok(hex(last).every((one, i, all) => i === 0 || one > all[i - 1]!));
    assert.deepEqual(last.at(-1), numbered(4_991));
    set.add('ann', last.slice(0, 50));
    set.add('bob', last.slice(0, 1));
    set.drop('bob');
    set.drop('ann');
    assert.deepEqual(hex(set.missing()), hex(last));
    set.add(
      'cyd',
      Array.from({ length: 300 }, (_, i) => numbered(10_000 + i)),
    );
    set.drop('cyd');
    const kept = [last[0]!, ...Array.from({ length: 99 }, (_, i) => numbered(10_201 + i))];
    assert.deepEqual(hex(set.missing()), hex(kept), 'what two had stays');
  });

  it('remembers since when an id is wanted, over a restart too, and drops it after long', () => {
    let now = 600_000;
    const set = new ReconciliationSet({ now: () => now });
    set.add('ann', [1, 2].map(id));
    set.add('bob', [id(2)]);
    now += 90_000;
    set.add('ann', [3, 4].map(id));
    const wants = [1, 2, 3].map((n) => set.want(id(n))!);
    assert.deepEqual(
      wants.map(({ since, confirmed }) => [since, confirmed]),
      [
        [600_000, false],
        [600_000, true],
        [660_000, false],
      ],
    );
    const restored = new ReconciliationSet();
    restored.restore(wants);
    assert.deepEqual(
      [1, 2, 3].map((n) => restored.want(id(n))),
      wants,
    );
    assert.equal(restored.orphans, 3);
    restored.add('cyd', [id(1)]);
    restored.claim('cyd', 1);
    assert.deepEqual(hex(restored.expire(660_001)), hex([id(3)]));
    restored.release('cyd', id(1));
    assert.deepEqual(hex(restored.expire(660_000)), hex([id(1)]));
    assert.deepEqual(hex(restored.missing()), hex([id(2)]));
  });

  it('claims large ids apart, as many as make so many bytes', () => {
    const set = new ReconciliationSet();
    set.add('ann', [1, 2, 3, 4].map(id));
    set.add('bob', [id(3)]);
    for (const one of set.claim('ann', 3)) set.release('ann', one, { length: 10 });
    assert.deepEqual(set.unclaimed, { small: 1, large: 3 });
    assert.equal(set.length(id(1)), 10);
    assert.deepEqual(hex(set.claim('bob', 9)), []);
    assert.deepEqual(hex(set.claim('ann', 9)), hex([id(4)]));
    assert.deepEqual(hex(set.claimLarge('bob', { max: 9, maxBytes: 1 })), hex([id(3)]));
    assert.deepEqual(hex(set.claimLarge('ann', { max: 9, maxBytes: 11 })), hex([1, 2].map(id)));
    assert.deepEqual(set.unclaimed, { small: 0, large: 0 });
  });

  it('counts an id apart that turns out to be large while it is claimed', () => {
    const set = new ReconciliationSet();
    set.add('ann', [id(1), id(2)]);
    assert.deepEqual(hex(set.claim('ann', 1)), hex([id(1)]));
    set.enlarge(id(1), { peer: 'bob', bytes: 10 });
    assert.deepEqual(set.unclaimed, { small: 1, large: 0 });
    assert.deepEqual(hex(set.claim('ann', 9)), hex([id(2)]));
    assert.deepEqual(set.unclaimed, { small: 0, large: 0 });
    set.release('ann', id(1));
    assert.deepEqual(set.unclaimed, { small: 0, large: 1 });
    assert.deepEqual(hex(set.claimLarge('ann', { max: 1, maxBytes: 10 })), hex([id(1)]));
    set.received(id(1));
    set.release('ann', id(2));
    assert.deepEqual(set.unclaimed, { small: 1, large: 0 });
  });

  it('takes back what a peer said of lengths, and of nobody else', () => {
    const set = new ReconciliationSet();
    set.add('ann', [1, 2, 3, 4].map(id));
    for (const n of [1, 2, 3]) set.enlarge(id(n), { peer: n < 3 ? 'bob' : 'ann', bytes: 10 });
    assert.equal(set.claimLarge('ann', { max: 1, maxBytes: 10 }).length, 1);
    assert.deepEqual(set.said(id(1)), { peer: 'bob', bytes: 10 });
    set.unsay('bob');
    assert.deepEqual(
      [set.said(id(1)), set.length(id(2)), set.length(id(3))],
      [undefined, undefined, 10],
    );
    assert.deepEqual(set.unclaimed, { small: 2, large: 1 });
    assert.deepEqual(hex(set.claim('ann', 9)).sort(), hex([id(2), id(4)]));
    set.release('ann', id(1));
    assert.deepEqual(hex(set.claim('ann', 9)), hex([id(1)]));
    assert.deepEqual(hex(set.claimLarge('ann', { max: 9, maxBytes: 99 })), hex([id(3)]));
  });

  it('stays small and quick while 50,000 ids of eight peers come and go, twice', () => {
    const set = new ReconciliationSet();
    const names = Array.from({ length: 8 }, (_, i) => `peer ${i}`);
    const ids = Array.from({ length: 50_000 }, (_, i) => numbered(i));
    for (const fetchers of [names, names.slice(0, 1)]) {
      for (const name of names) set.add(name, ids);
      let claimed = 0;
      while (set.size > 0) {
        const before = claimed;
        for (const name of fetchers) {
          for (const one of set.claim(name, 500)) {
            claimed++;
            set.received(one);
          }
        }
        assert.ok(claimed > before && claimed <= ids.length, 'each id can be claimed, and once');
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
