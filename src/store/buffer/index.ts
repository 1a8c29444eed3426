/**
 * The write buffer: new keys in memory, durable by their log entries and part of every query,
 * until they are merged into the tree.
 */

export { type PartedSnapshot, UnionSnapshot, type UnionSnapshotInit } from './union-snapshot.ts';
export { type KeyRange, WriteBuffer } from './write-buffer.ts';
