/**
 * Range streaming: a peer sends all items of a range in key order, and this node computes their ids. For
 * ranges of which this node holds nothing or next to nothing. docs/protocol-range.md is the wire format.
 */

export type { LongItem } from './codec.ts';
export { MAX_REQUEST_BYTES } from './codec.ts';
export { MAX_STREAMED_BYTES, RANGE_FRAME_BYTES, RANGE_VERSION } from './constants.ts';
export type { RangePart } from './part-reader.ts';
export type * from './report.ts';
export { RangeRequester } from './requester.ts';
export { RangeResponder, type ServeRange } from './responder.ts';
