import { readU64LE, writeU64LE } from '../../bytes.ts';
import { HEADER_BYTES, newRecord, openRecord, RecordError, seal } from '../../level/index.ts';

/** The facts about a tree that need no node. */
export interface TreeMeta {
  /** Name of the scheme its summaries are of. */
  readonly scheme: string;
  /** The root; 0 when the tree is empty. */
  readonly root: number;
  readonly level: number;
  readonly count: number;
  /** The next number to refer to a node by; numbers are never used twice. */
  readonly nextRef: number;
}

const NUMBERS_BYTES = 24;

/** header (level of the root) | root u64 LE | count u64 LE | next ref u64 LE | scheme, UTF-8 */
export function encodeMeta(meta: TreeMeta): Uint8Array {
  const scheme = new TextEncoder().encode(meta.scheme);
  const record = newRecord({ level: meta.level, entries: 0 }, NUMBERS_BYTES + scheme.length);
  [meta.root, meta.count, meta.nextRef].forEach((value, i) => {
    writeU64LE(record, HEADER_BYTES + 8 * i, BigInt(value));
  });
  record.set(scheme, HEADER_BYTES + NUMBERS_BYTES);
  return seal(record);
}

/** Throws a RecordError on any record that `encodeMeta` does not write. */
export function decodeMeta(record: Uint8Array): TreeMeta {
  const { level } = openRecord(record);
  if (record.length < HEADER_BYTES + NUMBERS_BYTES) throw new RecordError('is cut short');
  const number = (i: number): number => Number(readU64LE(record, HEADER_BYTES + 8 * i));
  const [root, count, nextRef] = [number(0), number(1), number(2)];
  const scheme = new TextDecoder().decode(record.subarray(HEADER_BYTES + NUMBERS_BYTES));
  const sound = [root, count, nextRef].every(Number.isSafeInteger);
  if (!sound || root >= nextRef || (root === 0) !== (count === 0)) {
    throw new RecordError('has numbers that contradict each other');
  }
  return { scheme, root, level, count, nextRef };
}
