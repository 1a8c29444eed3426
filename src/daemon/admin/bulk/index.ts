/** Streams of many items, in and out: batches, exports, and items by id. */

export { Batch, type BatchInit } from './batch.ts';
export { inBlocks } from './blocks.ts';
export { BodyChunks } from './body-chunks.ts';
export { MAX_IDS_BYTES, readIds } from './ids.ts';
export { StreamedItems } from './streamed-items.ts';
