import { readU64LE, writeU64LE } from '../../bytes.ts';
import { HEADER_BYTES, newRecord, openRecord, RecordError, seal } from '../../level/index.ts';
import type { Totals } from './layout.ts';

/** The state record, which every commit writes. */
export interface SetState extends Totals {
  /** Number of the last commit; commits count from 1 up without a gap. */
  readonly commit: number;
  /** The first commit whose log record must be there; see `CommitLog`. */
  readonly logBegin: number;
  /** The first commit whose log record may still be there. */
  readonly trimBegin: number;
  /** The index is being built from the items, and is unfinished. */
  readonly rebuilding: boolean;
  /** Items were lost, and no reconciliation has refilled the set since. */
  readonly needsRefill: boolean;
}

export const EMPTY_STATE: SetState = {
  commit: 0,
  logBegin: 1,
  trimBegin: 1,
  items: 0,
  bytes: 0,
  rebuilding: false,
  needsRefill: false,
};

const NUMBERS = 6;
const REBUILDING = 1;
const NEEDS_REFILL = 2;

/** header | commit | log begin | trim begin | items | payload bytes | flags; each u64 LE. */
export function encodeState(state: SetState): Uint8Array {
  const { commit, logBegin, trimBegin, items, bytes, rebuilding, needsRefill } = state;
  const flags = (rebuilding ? REBUILDING : 0) | (needsRefill ? NEEDS_REFILL : 0);
  const record = newRecord({ level: 0, entries: 0 }, 8 * NUMBERS);
  [commit, logBegin, trimBegin, items, bytes, flags].forEach((value, i) => {
    writeU64LE(record, HEADER_BYTES + 8 * i, BigInt(value));
  });
  return seal(record);
}

/** Throws a RecordError on any record that `encodeState` does not write. */
export function decodeState(record: Uint8Array): SetState {
  openRecord(record);
  if (record.length !== HEADER_BYTES + 8 * NUMBERS) throw new RecordError('has a wrong length');
  const numbers = Array.from({ length: NUMBERS }, (_, i) =>
    Number(readU64LE(record, HEADER_BYTES + 8 * i)),
  );
  const [commit, logBegin, trimBegin, items, bytes, flags] = numbers as [number, ...number[]];
  const sound = numbers.every(Number.isSafeInteger) && trimBegin! <= logBegin!;
  if (!sound || logBegin! > commit + 1) {
    throw new RecordError('has numbers that contradict each other');
  }
  return {
    commit,
    logBegin: logBegin!,
    trimBegin: trimBegin!,
    items: items!,
    bytes: bytes!,
    rebuilding: (flags! & REBUILDING) !== 0,
    needsRefill: (flags! & NEEDS_REFILL) !== 0,
  };
}
