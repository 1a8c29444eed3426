/** For tests alone: the parts of this room that they look at from inside. */

export { CachedSums } from './child-sums.ts';
export { decodeNode, decodeSummary, encodeNode, encodeSummary, nodeBytes } from './codec.ts';
export type { StagedWrite } from './durable-tree.ts';
export { decodeMeta, encodeMeta } from './meta.ts';
export { type CachedPart, cacheKeys, summaryBytes } from './reader.ts';
export { LevelNodeWriter } from './writer.ts';
