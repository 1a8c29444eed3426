import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { concatBytes } from '../../../../../src/store/index.ts';
import { keysOf } from '../../../../conformance/pairs.ts';
import { SeededRandom } from '../../../../support/random.ts';
import { wideSum } from '../../../../support/wide-sum.ts';
import { assertSame, contextOf, malformed, perform } from './puppet.ts';
import { snapshotOf } from './support.ts';

const keys = keysOf(9, 20);
const random = new SeededRandom('ledger');
const idsOf = (some: typeof keys) => concatBytes(...some.map(({ id }) => id));

describe('the ledger of a native session', () => {
  it("turns our state into the peer's by the found differences", () => {
    const theirs = [...keys.slice(5, 18), ...keysOf(10, 4)];
    const context = contextOf({ keys });
    const { ledger } = context;
    ledger.gave(idsOf(keys.slice(0, 2)));
    ledger.gaveRange(2, 5);
    ledger.gave(idsOf(keys.slice(18)));
    perform(context, ledger.got(idsOf(theirs.slice(13))));
    const { state, count } = ledger.expected(0, keys.length);
    const peer = snapshotOf(theirs, wideSum);
    assert.deepEqual(state, peer.fingerprint(0, theirs.length));
    assert.equal(count, 17);
    assert.deepEqual([ledger.mine, ledger.theirs, ledger.refused], [7, 4, 0]);
    const part = ledger.expected(2, 18);
    assert.equal(part.count, 16 - 7 + 4);
    assert.deepEqual(context.snapshot.fingerprint(0, 20), snapshotOf(keys).fingerprint(0, 20));
  });

  it('hands out missing ids once, in order, without held and refused ones', () => {
    const refused = random.bytes(32);
    const refuses = (id: Uint8Array) => Buffer.compare(id, refused) === 0;
    const context = contextOf({ keys, refuses });
    const { ledger } = context;
    const some = [random.bytes(32), refused, keys[3]!.id, random.bytes(32)];
    perform(context, ledger.got(concatBytes(...some)));
    assert.deepEqual(ledger.takeFound().missing, [some[0], some[3]]);
    assert.deepEqual(ledger.takeFound().missing, []);
    assert.deepEqual([ledger.theirs, ledger.refused, ledger.missing], [4, 1, 2]);
    const again = random.bytes(32);
    perform(context, ledger.got(again));
    assert.deepEqual(ledger.takeFound().missing, [again]);
    assert.deepEqual([ledger.theirs, ledger.refused, ledger.missing], [5, 1, 3]);
  });

  it('counts held ids as refused where they are, for a peer that is not shown what is held', () => {
    const context = contextOf({ keys, refuses: () => true });
    const { ledger } = context;
    perform(context, ledger.got(concatBytes(keys[3]!.id, random.bytes(32))));
    assert.deepEqual(ledger.takeFound(), { missing: [] }, 'nothing is unlisted');
    assert.deepEqual([ledger.theirs, ledger.refused], [2, 2]);
  });

  it('refuses an id named twice, whether missing, held or refused, in one record or in two', () => {
    const twice = malformed(/listed for the second time/);
    for (const id of [random.bytes(32), keys[0]!.id]) {
      const context = contextOf({ keys, refuses: () => true });
      assert.throws(() => perform(context, context.ledger.got(concatBytes(id, id))), twice);
      const other = contextOf({ keys });
      perform(other, other.ledger.got(id));
      assert.throws(() => perform(other, other.ledger.got(id)), twice);
    }
  });

  it('yields between batches of 128 ids, and misses none', () => {
    const context = contextOf({ keys, limits: { sliceItems: 1 } });
    const ids = random.bytes(32 * 300);
    const { slices } = perform(context, context.ledger.got(ids));
    assert.equal(slices, 2);
    const even = contextOf({ keys, limits: { sliceItems: 1 } });
    const all = perform(even, even.ledger.got(random.bytes(32 * 256)));
    assert.equal(all.slices, 1, 'no turn is taken for nothing');
    assert.equal(context.ledger.theirs, 300);
    assertSame(
      concatBytes(...context.ledger.takeFound().missing),
      ids,
      'all are missing, in order',
    );
    // Expanding an id costs as much as 16 items read, looking it up as much as 32.
    assert.equal(context.meter.visited, 300 * 48);
    context.ledger.gave(ids);
    assert.equal(context.meter.visited, 300 * (48 + 16));
    context.ledger.gaveRange(0, 5);
    assert.equal(context.meter.visited, 300 * (48 + 16) + 2_048);
  });

  it('names the first ids that only we have, and copies them', () => {
    const context = contextOf({ keys, tell: 3 });
    const { ledger } = context;
    const given = idsOf(keys.slice(0, 2));
    ledger.gave(given);
    given.fill(0);
    assert.deepEqual(ledger.takeFound(), { missing: [], have: [keys[0]!.id, keys[1]!.id] });
    ledger.gaveRange(5, 9);
    assert.deepEqual(ledger.takeFound(), { missing: [], have: [keys[5]!.id] });
    ledger.gaveRange(10, 12);
    ledger.gave(idsOf(keys.slice(18)));
    assert.deepEqual(ledger.takeFound(), { missing: [] });
    assert.equal(ledger.mine, 10);
  });

  it('names ids of the peer that are held and not listed, apart from missing ones', () => {
    const context = contextOf({ keys, tell: 1 });
    const missing = random.bytes(32);
    perform(context, context.ledger.got(concatBytes(keys[3]!.id, missing, keys[4]!.id)));
    const found = context.ledger.takeFound();
    assert.deepEqual(found, { missing: [missing], unlisted: [keys[3]!.id] });
    assert.equal(context.ledger.theirs, 3);
  });
});
