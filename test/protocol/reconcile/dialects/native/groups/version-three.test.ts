import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import {
  decode,
  idsFrom,
  newGroup,
  restsOf,
  sumsOf,
  symbolWords,
} from '../../../../../../src/protocol/reconcile/dialects/native/groups/testing.ts';
import type { SketchRecord } from '../../../../../../src/protocol/reconcile/dialects/native/wire/index.ts';
import { concatBytes, type ItemKey } from '../../../../../../src/store/index.ts';
import { keysOf } from '../../../../../conformance/pairs.ts';
import { contextOf, malformed, perform, tagsOf } from '../puppet.ts';
import { narrowCoding, snapshotOf } from '../support.ts';
import { OwnBench, PeerBench, rangeOf } from './group-bench.ts';

const all = keysOf(41, 400);
const idsOf = (keys: readonly ItemKey[]) => concatBytes(...keys.map(({ id }) => id));

describe('narrow symbols', () => {
  it('have 6 bytes, and lose nothing: the others repeat bits that are sent', () => {
    const bench = new PeerBench({ keys: all, version: 3 });
    for (const narrow of [true, false]) {
      const group = bench.group(all, 100, narrow);
      const bytes = group.symbolBytes(10, 90);
      assert.equal(bytes.length, 80 * (narrow ? 6 : 8));
      assert.deepEqual(symbolWords(bytes, narrow), group.cells.slice(20, 180));
    }
  });

  it('decode as wide ones do, and the rest of the group is as narrow', () => {
    const bench = new PeerBench({ keys: all.slice(8), version: 3 });
    const group = bench.group(all.slice(0, -4), 200, true);
    const sketch = (count: number): SketchRecord => {
      const [sums, symbols] = [sumsOf(group.buckets, 32), group.symbolBytes(0, count)];
      return { tag: 'sketch', count: group.items, sums, narrow: true, symbols };
    };
    const ranges = [rangeOf(0, bench.context.snapshot.size)];
    bench.peers.sketch(ranges, sketch(4));
    const [more] = bench.work();
    assert.ok(more?.tag === 'more');
    const end = 4 + more.symbols;
    const wide = () => bench.symbols(new Uint8Array(8 * more.symbols));
    assert.throws(wide, malformed(/wider than those before them, or narrower/));
    const symbols = group.symbolBytes(4, end);
    bench.peers.symbols({ tag: 'symbols', group: 0, narrow: true, symbols });
    bench.work();
    bench.peers.sketch(ranges, sketch(60));
    assert.deepEqual(tagsOf(bench.work()), ['found', 'give']);
  });
});

describe('a group of which two items have one short id', () => {
  /** What is decoded by a side with `ours` of a group with `theirs`, with short ids of so many bits. */
  function decoded(ours: readonly ItemKey[], theirs: readonly ItemKey[], bits: number) {
    const context = { ...contextOf({ keys: ours, version: 3 }), coding: narrowCoding(bits) };
    const other = { ...context, snapshot: snapshotOf(theirs) };
    const [mine, sent] = [ours, theirs].map(({ length }) =>
      newGroup(0, [rangeOf(0, length)], {
        ...{ count: theirs.length, sums: new Uint8Array(32), words: new Uint32Array(0) },
        form: 'wide',
      }),
    );
    perform(other, sent!.group.read(other, true));
    perform(other, sent!.group.prepare(other, 60));
    const words = symbolWords(sent!.group.symbolBytes(0, 60), false);
    perform(context, mine!.group.read(context, true));
    return perform(context, decode({ ...mine!, words }, context)).result;
  }

  it('is found out by the count, or by the items here, and no id is taken for another', () => {
    let collisions = 0;
    for (let seed = 1; seed <= 40; seed++) {
      const some = keysOf(seed, 12);
      for (const [ours, theirs] of [
        [some, some.slice(1)],
        [some.slice(1), some],
        [some.slice(1), some.slice(0, -1)],
      ] as const) {
        const result = decoded(ours, theirs, 7);
        if (result === 'collision') collisions++;
        else if (result !== null && result !== undefined) {
          assert.equal(ours.length - result.mine.length + result.theirs.length / 2, theirs.length);
          if (result.mine.length === 1 && ours.length === 12) assert.deepEqual(result.mine, [0]);
        }
      }
    }
    assert.ok(collisions > 3, `${collisions} collisions`);
  });

  it('fails, so that its ranges are answered in another way', () => {
    const bench = new PeerBench({ keys: all.slice(1), version: 3 });
    bench.sketch(all.slice(0, -1), 40, 400);
    assert.deepEqual(bench.work(), []);
    assert.equal(bench.failed.length, 1);
  });
});

describe('granted ids', () => {
  it('come without their first 4 bytes, in the order in which they were asked for', () => {
    const asks = new PeerBench({ keys: all.slice(6), version: 3 });
    asks.sketch(all, 60);
    const [found] = asks.work();
    assert.ok(found?.tag === 'found');
    const holds = new OwnBench({ keys: all, version: 3 });
    holds.add(0, all.length, 60);
    holds.own.found(found);
    const [rest] = holds.work();
    assert.ok(rest?.tag === 'rest');
    assert.equal(rest.rests.length, 6 * 28);
    assert.equal(holds.own.open, 0);
    perform(asks.context, asks.peers.rest(rest));
    const { missing } = asks.context.ledger.takeFound();
    const sorted = (ids: readonly Uint8Array[]) =>
      ids.map((id) => Buffer.from(id).toString('hex')).sort();
    assert.deepEqual(sorted(missing), sorted(all.slice(0, 6).map(({ id }) => id)));
    assert.equal(asks.peers.open, 0);
  });

  it('come whole where one of them is not held', () => {
    const bench = new OwnBench({ keys: all, version: 3 });
    const { shorts } = bench.add(0, 10, 16);
    const high = shorts[1]!;
    const known = Uint8Array.of(high >>> 24, high >>> 16, high >>> 8, high);
    const unknown = new Uint8Array(4);
    bench.found(concatBytes(known, unknown), { width: 4 });
    const said = bench.work();
    assert.deepEqual(said, [{ tag: 'grant', group: 0, last: true, ids: all[0]!.id }]);
  });

  it('are as many as were asked for, and come in one form', () => {
    const ask = () => {
      const bench = new PeerBench({ keys: all.slice(3), version: 3 });
      bench.sketch(all, 60);
      assert.deepEqual(tagsOf(bench.work()), ['found']);
      const rest = (count: number, last: boolean) => () =>
        perform(
          bench.context,
          bench.peers.rest({
            ...{ tag: 'rest', group: 0, last },
            rests: Uint8Array.from({ length: 28 * count }, (_, i) => i),
          }),
        );
      return { bench, rest };
    };
    assert.throws(ask().rest(4, true), malformed(/ids that were not asked for/));
    assert.throws(ask().rest(2, true), malformed(/ids that were asked for are left out/));
    const { bench, rest } = ask();
    rest(2, false)();
    assert.throws(() => bench.grant(all[0]!.id), malformed(/ids that were not asked for/));
    assert.throws(rest(2, true), malformed(/ids that were not asked for/));
    const whole = ask();
    whole.bench.grant(all[0]!.id, false);
    assert.throws(whole.rest(2, true), malformed(/ids that were not asked for/));
  });

  it('follow from their rests and the high words of their short ids', () => {
    const context = contextOf({ keys: all, version: 3 });
    const ids = idsOf(all.slice(0, 5));
    for (const form of ['wide', 'narrow'] as const) {
      const shorts = new Uint32Array(10);
      context.coding.shortIds(context.key.shortIds, ids, shorts, 0, form);
      const highs = [1, 3, 5, 7, 9].map((at) => shorts[at]!);
      assert.deepEqual(idsFrom(restsOf(ids), highs, context), ids);
    }
  });
});
