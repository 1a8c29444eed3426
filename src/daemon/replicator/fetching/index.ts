/**
 * Fetching: which source is asked for which ids, how fast each source is, and which penalties
 * follow from the outcome of a request. Begin with `Fetcher.pump` in `fetcher.ts`: it claims ids
 * (`claiming.ts`) and starts requests (`request-runner.ts`).
 */

export { Attempts, type FetchAttempt } from './attempts.ts';
export { CommittedKeys } from './committed-keys.ts';
export { Fetcher } from './fetcher.ts';
export { Intake, Window } from './intake.ts';
export type { RefusedIds } from './refused-ids.ts';
export type { StreamedRange, StreamResult } from './streaming.ts';
