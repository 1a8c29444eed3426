import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { ReconciliationSet } from '../../../src/protocol/index.ts';
import { assertProperty } from '../../support/property.ts';
import { hex, id } from './ids.ts';
import { Model } from './model.ts';

const PEERS = ['ann', 'bob', 'cyd', 'dee'];
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
    'only ids without a claim',
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
});
