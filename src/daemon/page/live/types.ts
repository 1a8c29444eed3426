import type { AdminClient } from '../../client/index.ts';
import type { PageEvent } from '../state/index.ts';

/** Time as the page needs it. */
export interface PageClock {
  /** Milliseconds since the epoch. */
  now(): number;
  /** Calls back once, and returns the way to call off. */
  after(delayMs: number, callback: () => void): () => void;
}

/** The calls by which the page follows a daemon. */
export type PageSource = Pick<
  AdminClient,
  'getStatus' | 'getSynced' | 'listSessions' | 'listWants' | 'listChanges' | 'watchEvents'
>;

/** The parts that each loop works with. */
export interface LoopParts {
  readonly client: PageSource;
  readonly clock: PageClock;
  readonly dispatch: (event: PageEvent) => void;
  /** Ends the loops. */
  readonly signal: AbortSignal;
}
