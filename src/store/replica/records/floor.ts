import { readU64LE, writeU64LE } from '../../bytes.ts';
import {
  type Database,
  HEADER_BYTES,
  isBytes,
  newRecord,
  openRecord,
  RecordError,
  seal,
  tryRead,
} from '../../level/index.ts';
import type { SetKeys } from './layout.ts';
import type { SetState } from './state.ts';

/** The floor of a set and the wall time that was believed last. It lies beside the state, so that a lost state does not lower it. */
export type FloorCopy = Pick<SetState, 'floor' | 'believedAt'>;

/** header | floor | wall time that was believed last; each u64 LE */
export function encodeFloor({ floor, believedAt }: FloorCopy): Uint8Array {
  const record = newRecord({ level: 0, entries: 0 }, 16);
  writeU64LE(record, HEADER_BYTES, floor);
  writeU64LE(record, HEADER_BYTES + 8, BigInt(believedAt));
  return seal(record);
}

/** Throws a RecordError on any record that `encodeFloor` does not write. */
export function decodeFloor(record: Uint8Array): FloorCopy {
  openRecord(record);
  if (record.length !== HEADER_BYTES + 16) throw new RecordError('has a wrong length');
  const believedAt = Number(readU64LE(record, HEADER_BYTES + 8));
  if (!Number.isSafeInteger(believedAt)) throw new RecordError('has a time that is none');
  return { floor: readU64LE(record, HEADER_BYTES), believedAt };
}

/** The state with the floor of its copy, where that is higher. A copy that cannot be read says nothing. */
export function withFloor(database: Database, keys: SetKeys, state: SetState): SetState {
  const record = tryRead(database, keys.floor);
  if (!isBytes(record)) return state;
  try {
    const { floor, believedAt } = decodeFloor(record);
    const isNews = floor > state.floor || (floor === state.floor && state.believedAt === 0);
    return isNews ? { ...state, floor, believedAt } : state;
  } catch (error) {
    if (error instanceof RecordError) return state;
    throw error;
  }
}
