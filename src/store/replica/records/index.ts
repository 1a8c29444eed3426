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
export * from './log-entry.ts';
export { encodeQuarantined } from './quarantined.ts';
export * from './schema.ts';
export * from './state.ts';
