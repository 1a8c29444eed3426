/**
 * Fetch: asks a peer for items by id and streams them back; every payload is checked against its
 * id.
 */

export { DEFAULT_FETCH_OPTIONS, type FetchOptions } from './options.ts';
export type * from './report.ts';
export type { Serve } from './responder.ts';
export { type Fetch, type FetchInit, FetchService } from './service.ts';
