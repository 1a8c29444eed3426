import type { Bytes } from '../../bytes.ts';
import { readU64LE, writeU64LE } from '../../bytes.ts';
import { ID_BYTES } from '../../item.ts';
import {
  bodyOf,
  HEADER_BYTES,
  newRecord,
  openRecord,
  RecordError,
  Scratch,
  seal,
} from '../../level/index.ts';
import { isLeaf } from '../child.ts';
import type { Inner, KeyRun, TreeNode } from '../node.ts';
import { newLeaf } from '../parts.ts';
import { firstDisorder } from '../run.ts';

const HINT_BYTES = 8;
const SPOT_BYTES = 8;
const REF_BYTES = 8;
const COUNT_BYTES = 8;

/**
 * A node as a record; all numbers little-endian, so that hosts read the arrays where they lie:
 *
 *     header | spot u64 | hints u64 x entries | ids 32 x entries
 *            | inner nodes only: refs u64 x entries | counts u64 x entries
 */
export function encodeNode(node: TreeNode<number>, scratch: Scratch = new Scratch()): Uint8Array {
  const { level, length } = node;
  const record = newRecord({ level, entries: length }, bodyBytes(level, length), scratch);
  let at = HEADER_BYTES;
  writeU64LE(record, at, BigInt(node.spot));
  at += SPOT_BYTES;
  const { buffer, byteOffset, byteLength } = node.hints;
  record.set(new Uint8Array(buffer, byteOffset, byteLength), at);
  at += length * HINT_BYTES;
  record.set(node.ids, at);
  at += length * ID_BYTES;
  if (!isLeaf(node)) writeChildren(record, at, node);
  return seal(record);
}

function writeChildren(record: Uint8Array, at: number, inner: Inner<number>): void {
  const counts = at + inner.length * REF_BYTES;
  inner.children.forEach((ref, i) => {
    const count = inner.starts[i + 1]! - inner.starts[i]!;
    writeU64LE(record, at + i * REF_BYTES, BigInt(ref));
    writeU64LE(record, counts + i * COUNT_BYTES, BigInt(count));
  });
}

/** Throws a RecordError on any record that `encodeNode` does not write. */
export function decodeNode(record: Uint8Array): TreeNode<number> {
  const { level, entries } = openRecord(record);
  const body = bodyOf(record);
  if (entries === 0) throw new RecordError('is a node without entries');
  if (body.length !== bodyBytes(level, entries)) throw new RecordError('has a wrong length');
  const spot = readNumber(body, 0);
  const run = readRun(body, SPOT_BYTES, entries);
  if (spot > entries) throw new RecordError('has its spot behind its entries');
  if (firstDisorder(run) > 0) throw new RecordError('has keys out of order');
  if (level === 0) return newLeaf(run, spot);
  return readInner(level, spot, run, body);
}

/** Bytes that a decoded node takes in memory, roughly. */
export function nodeBytes(node: TreeNode<number>): number {
  const overhead = 600;
  return overhead + (isLeaf(node) ? 40 : 64) * node.length;
}

function bodyBytes(level: number, entries: number): number {
  const entry = HINT_BYTES + ID_BYTES + (level === 0 ? 0 : REF_BYTES + COUNT_BYTES);
  return SPOT_BYTES + entries * entry;
}

function readRun(body: Bytes, at: number, length: number): KeyRun {
  const ids = at + length * HINT_BYTES;
  return {
    length,
    hints: new Uint32Array(body.buffer, body.byteOffset + at, 2 * length),
    ids: body.subarray(ids, ids + length * ID_BYTES),
  };
}

function readInner(level: number, spot: number, run: KeyRun, body: Uint8Array): Inner<number> {
  const { length, hints, ids } = run;
  const refs = SPOT_BYTES + length * (HINT_BYTES + ID_BYTES);
  const counts = refs + length * REF_BYTES;
  const children: number[] = [];
  const starts = new Float64Array(length + 1);
  for (let i = 0; i < length; i++) {
    const count = readNumber(body, counts + i * COUNT_BYTES);
    if (count === 0) throw new RecordError('has a child without items');
    children.push(readNumber(body, refs + i * REF_BYTES));
    starts[i + 1] = starts[i]! + count;
  }
  return { level, count: starts[length]!, children, starts, spot, length, hints, ids };
}

function readNumber(bytes: Uint8Array, at: number): number {
  const value = readU64LE(bytes, at);
  if (value <= BigInt(Number.MAX_SAFE_INTEGER)) return Number(value);
  throw new RecordError('has a number beyond 2^53');
}

/** A summary as a record: header | state. */
export function encodeSummary(state: Uint8Array, scratch: Scratch = new Scratch()): Uint8Array {
  const record = newRecord({ level: 0, entries: 0 }, state.length, scratch);
  record.set(state, HEADER_BYTES);
  return seal(record);
}

/** Throws a RecordError unless the record holds a state of `stateBytes` bytes. */
export function decodeSummary(record: Uint8Array, stateBytes: number): Uint8Array {
  const { level, entries } = openRecord(record);
  const state = bodyOf(record);
  if (level === 0 && entries === 0 && state.length === stateBytes) return state;
  throw new RecordError(`does not hold a state of ${stateBytes} bytes`);
}
