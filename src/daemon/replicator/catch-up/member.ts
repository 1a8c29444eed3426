import type { Job } from './plan.ts';

/** A peer that takes part in a catch-up. */
export interface CatchUpMember {
  /** The root it named, as hex: peers with equal roots may serve the ids of each other's listings. */
  readonly root: string;
  job: Job | null;
  /** Ends the slice that it streams. */
  stopStream: ((reason?: Error) => void) | null;
  /** Its session over everything runs. */
  closing: boolean;
  /** When its session or its wait began, on the monotonic clock. */
  since: number;
  /** Sessions in a row that failed. */
  failures: number;
  /** How often its listed items did not come. */
  stalls: number;
}

export function isIdle({ job, closing }: CatchUpMember): boolean {
  return job === null && !closing;
}
