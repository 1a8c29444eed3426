/**
 * Fetch: asks a peer for items by id and streams them back; every payload is checked against its
 * id.
 */

export type { Fetch, FetchInit } from './init.ts';
export { DEFAULT_FETCH_OPTIONS, type FetchOptions } from './options.ts';
export {
  type LongItem,
  MAX_STREAMED_BYTES,
  type RangeOutcome,
  type RangePart,
  type RangeReport,
  type RangeRequest,
  type ServeRange,
} from './range/index.ts';
export type * from './report.ts';
export type { Serve } from './responder.ts';
export { FetchService } from './service.ts';
