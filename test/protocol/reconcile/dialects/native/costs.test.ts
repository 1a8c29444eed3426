import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { SketchGroup } from '../../../../../src/protocol/reconcile/dialects/native/groups/index.ts';
import { DEFAULT_NATIVE_LIMITS } from '../../../../../src/protocol/reconcile/dialects/native/index.ts';
import {
  compare,
  Proofs,
  rangeDigest,
} from '../../../../../src/protocol/reconcile/dialects/native/session/testing.ts';
import { rootHint } from '../../../../../src/protocol/reconcile/dialects/native/testing.ts';
import type { Opening } from '../../../../../src/protocol/reconcile/dialects/native/wire/index.ts';
import { intersection } from '../../../../../src/protocol/reconcile/testing.ts';
import {
  codingReference,
  INFINITE_BOUND,
  symbolsThrough,
  ZERO_BOUND,
} from '../../../../../src/store/index.ts';
import { keysOf } from '../../../../conformance/pairs.ts';
import { OwnBench, PeerBench, rangeOf } from './groups/group-bench.ts';
import { assertSame, contextOf, perform } from './puppet.ts';

const keys = keysOf(19, 10_000);
const everything = { lower: ZERO_BOUND, upper: INFINITE_BOUND };

/** Work in items read: of a session that is let alone it decides when ranges are put off. */
describe('what work costs in a native session', () => {
  it('is an item for each id that is digested, and 2,048 for a state', () => {
    const context = contextOf({ keys });
    const { meter } = context;
    rangeDigest(context, 0, 512);
    assert.equal(meter.visited, 512);
    rangeDigest(context, 0, 513);
    assert.equal(meter.visited, 512 + 2_048);
    rangeDigest(context, 9_000, 9_512);
    assert.equal(meter.visited, 1_024 + 2_048);
  });

  it('is two look-ups for a range that is compared, and no reading where counts differ', () => {
    const context = contextOf({ keys });
    const digest = new Uint8Array(5);
    assert.equal(compare(context, { ...everything, theirs: 3, digest }).differs, true);
    assert.equal(context.meter.visited, 64);
    compare(context, { ...everything, theirs: 10_000, digest });
    assert.equal(context.meter.visited, 64 + 64 + 2_048);
  });

  it('is an item for each that a group reads and toggles, turn by turn', () => {
    const context = contextOf({ keys, limits: { sliceItems: 4_096 } });
    const { meter } = context;
    const group = new SketchGroup([rangeOf(0, 9_000), rangeOf(9_500, 10_000)], 'wide');
    assert.equal(perform(context, group.read(context, true)).slices, 2);
    assert.equal(meter.visited, 9_500);
    perform(context, group.prepare(context, 3));
    assert.equal(meter.visited, 19_000);
    perform(context, group.prepare(context, 2));
    assert.equal(meter.visited, 19_000, 'symbols that are there are not made again');
    perform(context, group.prepare(context, 4));
    assert.equal(meter.visited, 28_500);
    const shorts = new Uint32Array(2 * 9_500);
    const whole = Buffer.concat(
      [...keys.slice(0, 9_000), ...keys.slice(9_500)].map(({ id }) => id),
    );
    codingReference.shortIds(context.key.shortIds, whole, shorts, 0, 'wide');
    assertSame(group.shorts, shorts, 'short ids in the order of the ranges');
    const cells = new Uint32Array(2 * symbolsThrough(2));
    codingReference.toggle(cells, shorts, { begin: 0, end: 9_500, first: 0, last: 2 });
    assertSame(group.cells, cells, 'symbols of all items');
    const sums = new Int32Array(128);
    codingReference.weigh(sums, shorts, 0, 9_500);
    assert.deepEqual(group.buckets, sums);
    group.idAt(context, 9_499);
    assert.equal(meter.visited, 28_532);
    group.free();
    assert.equal(group.shorts.length, 0, 'another group may have the memory now');
  });

  it('is 8 for each symbol that is decoded, and for each entry of a list on either side', () => {
    const bench = new PeerBench({ keys: keys.slice(0, 100) });
    bench.sketch(keys.slice(0, 100), 3);
    const before = bench.context.meter.visited;
    bench.work();
    // Reading, making symbols, decoding; telling sides apart goes through 200 words.
    assert.equal(bench.context.meter.visited - before, 100 + 100 + 24 + (200 >>> 3));
    const between = bench.context.meter.visited;
    bench.list(new Uint8Array(0), 8, true, [rangeOf(0, 10)]);
    bench.work();
    // Ten ids are looked up and their expansions counted.
    assert.equal(bench.context.meter.visited - between, 10 + 80 + 10 * (32 + 16));
  });

  it('is a look-up and an expansion for each id that is granted', () => {
    const bench = new OwnBench({ keys });
    bench.add(0, 600, 'ids');
    const before = bench.context.meter.visited;
    bench.own.match({ tag: 'match', group: 0, gives: false, bits: new Uint8Array(75) });
    assert.equal(bench.context.meter.visited, before);
    bench.add(0, 600, 'ids');
    const bits = new Uint8Array(75).fill(255);
    const work = bench.own.match({ tag: 'match', group: 1, gives: false, bits });
    perform(bench.context, work!);
    assert.equal(bench.context.ledger.mine, 600);
    assert.equal(bench.context.meter.visited - before, 600 + 600 * 48);
  });

  it('is a state for a root that has to be worked out, and nothing for one at hand', () => {
    const context = contextOf({ keys });
    const proofs = new Proofs(context, 'responder', intersection(everything, everything));
    const root = rootHint(context.snapshot.fingerprint(0, keys.length), keys.length);
    const opening: Opening = {
      ...{ nonce: new Uint8Array(16), interval: everything, whole: true, count: keys.length, root },
      limits: DEFAULT_NATIVE_LIMITS,
    };
    assert.equal(proofs.looksEqual(opening, opening), true);
    assert.equal(context.meter.visited, 0);
    assert.equal(proofs.looksEqual(opening, null), true);
    assert.equal(context.meter.visited, 2_048);
    assert.equal(proofs.looksEqual({ ...opening, count: 5 }, null), false);
    assert.equal(context.meter.visited, 2_048);
  });
});
