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

/** The floor of a set and when it rose. It lies beside the state, so that a lost state does not lower it. */
export type FloorCopy = Pick<SetState, 'floor' | 'floorAt'>;

/** header | floor | wall time at which it rose; each u64 LE */
export function encodeFloor({ floor, floorAt }: FloorCopy): Uint8Array {
  const record = newRecord({ level: 0, entries: 0 }, 16);
  writeU64LE(record, HEADER_BYTES, floor);
  writeU64LE(record, HEADER_BYTES + 8, BigInt(floorAt));
  return seal(record);
}

/** Throws a RecordError on any record that `encodeFloor` does not write. */
export function decodeFloor(record: Uint8Array): FloorCopy {
  openRecord(record);
  if (record.length !== HEADER_BYTES + 16) throw new RecordError('has a wrong length');
  const floorAt = Number(readU64LE(record, HEADER_BYTES + 8));
  if (!Number.isSafeInteger(floorAt)) throw new RecordError('has a time that is none');
  return { floor: readU64LE(record, HEADER_BYTES), floorAt };
}

/** The state with the floor of its copy, where that is higher. A copy that cannot be read says nothing. */
export function withFloor(database: Database, keys: SetKeys, state: SetState): SetState {
  const record = tryRead(database, keys.floor);
  if (!isBytes(record)) return state;
  try {
    const { floor, floorAt } = decodeFloor(record);
    return floor > state.floor ? { ...state, floor, floorAt } : state;
  } catch (error) {
    if (error instanceof RecordError) return state;
    throw error;
  }
}
