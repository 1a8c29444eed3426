export { type PartedSnapshot, UnionSnapshot, type UnionSnapshotInit } from './union-snapshot.ts';
export { type KeyRange, WriteBuffer } from './write-buffer.ts';
