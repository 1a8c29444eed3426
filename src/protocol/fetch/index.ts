/**
 * Fetch: asks a peer for items by id and streams them back; every payload is checked against its
 * id.
 */

export type { Fetch, FetchInit } from './init.ts';
export { DEFAULT_FETCH_OPTIONS, type FetchOptions } from './options.ts';
export type {
  LongItem,
  RangeOutcome,
  RangePart,
  RangeReport,
  RangeRequest,
  ServeRange,
} from './range/index.ts';
export type * from './report.ts';
export type { Serve } from './responder.ts';
export { FetchService } from './service.ts';
