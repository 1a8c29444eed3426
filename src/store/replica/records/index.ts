/** Keys and values of a set on disk (docs/storage-format.md). */

export * from './arrival-record.ts';
export { decodeFloor, encodeFloor, withFloor } from './floor.ts';
export * from './layout.ts';
export * from './log-entry.ts';
export { decodeQuarantined, encodeQuarantined } from './quarantined.ts';
export * from './refused.ts';
export * from './schema.ts';
export * from './state.ts';
