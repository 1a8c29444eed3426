/** Keys and values of a set on disk (docs/storage-format.md). */

export {
  decodeHead,
  decodeItemKey,
  encodeHead,
  HEAD_BYTES,
  type ItemHead,
  SCHEMA_KEY,
  SCHEMA_VERSION,
  type SetKeys,
  setKeys,
  type Totals,
} from './layout.ts';
export {
  decodeLogEntry,
  encodeLogEntry,
  type LogEntry,
  type LoggedEntry,
  LoggedKeys,
  NOTHING,
} from './log-entry.ts';
export { encodeQuarantined } from './quarantined.ts';
export { encodeSchema, readSchema, unsupported } from './schema.ts';
export { decodeState, EMPTY_STATE, encodeState, type SetState } from './state.ts';
