/**
 * Fetching: which source is asked for which ids, how fast each source is, and which penalties
 * follow from the outcome of a request.
 */

export { Fetcher } from './fetcher.ts';
