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
  /** Names the order of arrival to its readers; 0 while that is still to be written. */
  readonly epoch: bigint;
  /** The records of arrivals lie under it: the epoch in which they were begun. */
  readonly order: bigint;
  /** The last place given in the order of arrival. */
  readonly arrivals: number;
  /** The first place whose record is still there; one behind the last place if none is. */
  readonly arrivalsBegin: number;
  /** Items with lower hints are not accepted, and may have been pruned. Only rises. */
  readonly floor: bigint;
  /** The last wall time that was believed and noted, in milliseconds since the epoch; 0: none. */
  readonly believedAt: number;
}

export const EMPTY_STATE: SetState = {
  commit: 0,
  logBegin: 1,
  trimBegin: 1,
  items: 0,
  bytes: 0,
  rebuilding: false,
  needsRefill: false,
  epoch: 0n,
  order: 0n,
  arrivals: 0,
  arrivalsBegin: 1,
  floor: 0n,
  believedAt: 0,
};

const NUMBERS = 12;

/** The third schema had no floor, and the second no order of arrival. */
const NUMBERS_BEFORE: readonly number[] = [9, 6];
const REBUILDING = 1;
const NEEDS_REFILL = 2;

/** header | commit | log begin | trim begin | items | payload bytes | flags | epoch | order | arrivals | begin of arrivals | floor | believed at; each u64 LE. */
export function encodeState(state: SetState): Uint8Array {
  const { commit, logBegin, trimBegin, items, bytes, rebuilding, needsRefill } = state;
  const flags = (rebuilding ? REBUILDING : 0) | (needsRefill ? NEEDS_REFILL : 0);
  const record = newRecord({ level: 0, entries: 0 }, 8 * NUMBERS);
  [commit, logBegin, trimBegin, items, bytes, flags].forEach((value, i) => {
    writeU64LE(record, numberAt(i), BigInt(value));
  });
  writeU64LE(record, numberAt(6), state.epoch);
  writeU64LE(record, numberAt(7), state.order);
  writeU64LE(record, numberAt(8), BigInt(state.arrivals));
  writeU64LE(record, numberAt(9), BigInt(state.arrivalsBegin));
  writeU64LE(record, numberAt(10), state.floor);
  writeU64LE(record, numberAt(11), BigInt(state.believedAt));
  return seal(record);
}

/** Throws a RecordError on any record that `encodeState` does not write. */
export function decodeState(record: Uint8Array): SetState {
  openRecord(record);
  if (record.length !== numberAt(NUMBERS)) throw new RecordError('has a wrong length');
  const number = (i: number): number => Number(readU64LE(record, numberAt(i)));
  const numbers = [0, 1, 2, 3, 4, 5, 8, 9, 11].map(number);
  const [commit, logBegin, trimBegin, items, bytes, flags, arrivals, arrivalsBegin, believedAt] =
    numbers as [number, ...number[]];
  const within = arrivalsBegin! >= 1 && arrivalsBegin! <= arrivals! + 1;
  const sound = numbers.every(Number.isSafeInteger) && trimBegin! <= logBegin! && within;
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
    epoch: readU64LE(record, numberAt(6)),
    order: readU64LE(record, numberAt(7)),
    arrivals: arrivals!,
    arrivalsBegin: arrivalsBegin!,
    floor: readU64LE(record, numberAt(10)),
    believedAt: believedAt!,
  };
}

/**
 * A state of the second or third schema as one of the fourth, which accepts all hints. That of the second has its
 * order of arrival still to be written. Throws a RecordError if it is damaged.
 */
export function upgradeState(record: Uint8Array): Uint8Array {
  openRecord(record);
  if (!NUMBERS_BEFORE.some((numbers) => record.length === numberAt(numbers)))
    throw new RecordError('has a wrong length');
  const upgraded = newRecord({ level: 0, entries: 0 }, 8 * NUMBERS);
  upgraded.set(record.subarray(HEADER_BYTES), HEADER_BYTES);
  writeU64LE(upgraded, numberAt(9), BigInt(EMPTY_STATE.arrivalsBegin));
  return seal(upgraded);
}

function numberAt(index: number): number {
  return HEADER_BYTES + 8 * index;
}
