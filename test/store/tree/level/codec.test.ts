import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { writeU64LE } from '../../../../src/store/index.ts';
import { HEADER_BYTES, RecordError, Scratch, seal } from '../../../../src/store/level/index.ts';
import { readU64LE } from '../../../../src/store/testing.ts';
import { decodeNode, decodeSummary } from '../../../../src/store/tree/level/index.ts';
import {
  encodeNode,
  encodeSummary,
  nodeBytes,
  summaryBytes,
} from '../../../../src/store/tree/level/testing.ts';
import type { Inner, Leaf } from '../../../../src/store/tree/testing.ts';
import { newLeaf, runOf } from '../../../../src/store/tree/testing.ts';

/** Where things lie in the record of a node of two entries. */
const SPOT_AT = HEADER_BYTES;
const IDS_AT = SPOT_AT + 8 + 2 * 8;
const REFS_AT = IDS_AT + 2 * 32;
const COUNTS_AT = REFS_AT + 2 * 8;
const SAFE = 2n ** 53n - 1n;

describe('the record of a node', () => {
  it('is read as it was written', () => {
    for (const node of [leafOf(1, 0), leafOf(2, 2), leafOf(300, 7), innerOf()]) {
      assert.deepEqual(fieldsOf(decodeNode(encodeNode(node))), fieldsOf(node));
    }
  });

  it('is laid out as the format says', () => {
    const record = encodeNode(innerOf());
    assert.deepEqual([...record.subarray(0, 4)], [1, 3, 2, 0]);
    assert.equal(readU64LE(record, SPOT_AT), 1n);
    assert.deepEqual(record.slice(IDS_AT, REFS_AT), innerOf().ids.slice());
    assert.deepEqual([readU64LE(record, REFS_AT), readU64LE(record, REFS_AT + 8)], [77n, 99n]);
    assert.deepEqual([readU64LE(record, COUNTS_AT), readU64LE(record, COUNTS_AT + 8)], [5n, 4n]);
    assert.equal(record.length, COUNTS_AT + 16);
    assert.deepEqual([...encodeNode(leafOf(300, 0)).subarray(0, 4)], [1, 0, 300 & 255, 1]);
  });

  it('is read where it lies or from a copy, whatever the alignment', () => {
    const record = encodeNode(innerOf());
    for (let offset = 0; offset < 9; offset++) {
      const moved = new Uint8Array(offset + record.length).subarray(offset);
      moved.set(record);
      assert.deepEqual(fieldsOf(decodeNode(moved)), fieldsOf(innerOf()), `at offset ${offset}`);
    }
  });

  it('may have its spot behind the last entry, and not behind that', () => {
    decodeNode(changed(innerOf(), SPOT_AT, 2n));
    refuses(changed(innerOf(), SPOT_AT, 3n), /its spot behind its entries/);
  });

  it('has at least one entry', () => {
    refuses(encodeNode(leafOf(0, 0)), /a node without entries/);
  });

  it('has the length that its level and entries ask for', () => {
    const record = encodeNode(innerOf());
    for (const length of [record.length - 1, record.length - 16]) {
      refuses(seal(record.slice(0, length)), /wrong length/);
    }
    const longer = new Uint8Array(record.length + 1);
    longer.set(record);
    refuses(seal(longer), /wrong length/);
    const asLeaf = record.slice();
    asLeaf[1] = 0;
    refuses(seal(asLeaf), /wrong length/);
  });

  it('has keys that ascend, and no key twice', () => {
    const twice = encodeNode(leafOf(2, 0));
    twice.copyWithin(SPOT_AT + 16, SPOT_AT + 8, SPOT_AT + 16);
    twice.copyWithin(IDS_AT + 32, IDS_AT, IDS_AT + 32);
    refuses(seal(twice), /keys out of order/);
  });

  it('has no child without items, and no number beyond 2^53', () => {
    refuses(changed(innerOf(), COUNTS_AT, 0n), /a child without items/);
    refuses(changed(innerOf(), COUNTS_AT + 8, 0n), /a child without items/);
    decodeNode(changed(innerOf(), REFS_AT, SAFE));
    refuses(changed(innerOf(), REFS_AT, SAFE + 1n), /a number beyond 2\^53/);
  });

  it('is refused in another version, and shorter than a header', () => {
    const other = encodeNode(innerOf());
    other[0] = 2;
    refuses(seal(other), /the format version 2/);
    refuses(new Uint8Array(7), /has 7 bytes only/);
    refuses(seal(encodeNode(innerOf()).slice(0, 8)), /wrong length/);
  });

  it('is refused when any one bit was flipped', () => {
    const record = encodeNode(innerOf());
    for (let at = 0; at < record.length; at++) {
      const flipped = record.slice();
      flipped[at]! ^= 1 << (at % 8);
      assert.throws(() => decodeNode(flipped), RecordError, `byte ${at}`);
    }
  });

  it('can be written over the one before it, larger or smaller', () => {
    const scratch = new Scratch();
    for (const node of [leafOf(3, 1), leafOf(9, 0), leafOf(1, 1), innerOf()]) {
      assert.deepEqual(encodeNode(node, scratch).slice(), encodeNode(node));
    }
  });
});

describe('the record of a summary', () => {
  const state = new Uint8Array(32).fill(5);

  it('is read as it was written', () => {
    assert.deepEqual(decodeSummary(encodeSummary(state), 32).slice(), state);
  });

  it('is refused under another length, or with the header of a node', () => {
    for (const length of [31, 33]) {
      assert.throws(() => decodeSummary(encodeSummary(state), length), {
        message: `does not hold a state of ${length} bytes`,
      });
    }
    for (const at of [1, 2, 3]) {
      const wrong = encodeSummary(state);
      wrong[at] = 1;
      assert.throws(() => decodeSummary(seal(wrong), 32), /does not hold a state of 32 bytes/);
    }
  });
});

describe('the room that is reckoned in memory', () => {
  it('is that of the arrays and a few hundred bytes, for nodes and summaries', () => {
    for (const node of [leafOf(1, 0), leafOf(100, 0), innerOf()]) {
      const arrays = (node.children === null ? 40 : 64) * node.length;
      const beside = nodeBytes(node) - arrays;
      assert.ok(beside >= 200 && beside <= 1_000, `${beside} bytes beside the arrays`);
    }
    for (const length of [32, 2_048]) {
      const beside = summaryBytes(new Uint8Array(length)) - length;
      assert.ok(beside >= 100 && beside <= 500, `${beside} bytes beside the state`);
    }
  });
});

function leafOf(entries: number, spot: number): Leaf {
  const keys = Array.from({ length: entries }, (_, i) => ({
    hint: 2n ** 40n + BigInt(i),
    id: new Uint8Array(32).fill(i + 1),
  }));
  return newLeaf(runOf(keys), spot);
}

function innerOf(): Inner<number> {
  const { hints, ids, length } = leafOf(2, 0);
  const starts = Float64Array.of(0, 5, 9);
  return { level: 3, count: 9, children: [77, 99], starts, spot: 1, length, hints, ids };
}

/** What a node says, without regard to how its arrays lie in memory. */
function fieldsOf({ hints, ids, ...rest }: Leaf | Inner<number>): object {
  return { ...rest, hints: [...hints], ids: [...ids] };
}

function changed(node: Inner<number>, at: number, value: bigint): Uint8Array {
  const record = encodeNode(node);
  writeU64LE(record, at, value);
  return seal(record);
}

function refuses(record: Uint8Array, message: RegExp): void {
  assert.throws(() => decodeNode(record), { name: 'RecordError', message });
}
