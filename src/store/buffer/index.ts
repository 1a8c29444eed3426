/** The write buffer: new keys in memory until they are merged into the tree, durable by the log. */

export { type PartedSnapshot, UnionSnapshot, type UnionSnapshotInit } from './union-snapshot.ts';
export { type KeyRange, WriteBuffer } from './write-buffer.ts';
