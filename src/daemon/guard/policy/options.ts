/** How a policy is asked. */
export interface PolicyOptions {
  /**
   * Milliseconds that one batch of questions may take. Past them the policy counts as failed.
   * @default 1_000
   */
  readonly timeoutMs: number;
  /** What happens with items while the policy fails: `refuse`, which is the default, or `accept`. */
  readonly onFailure: (typeof ON_FAILURE)[number];
  /**
   * Bytes of the payload that a question shows.
   * @default 0
   */
  readonly firstBytes: number;
  /**
   * Items in one batch. Raising it saves round trips; each batch has `timeoutMs`.
   * @default 256
   */
  readonly batchItems: number;
  /**
   * Items that may wait for an answer; further puts and pushed items are refused at once. Raising it takes
   * longer bursts, and lets puts wait longer.
   * @default 4_096
   */
  readonly maxWaiting: number;
}

export const ON_FAILURE = ['refuse', 'accept'] as const;

export const DEFAULT_POLICY_OPTIONS: PolicyOptions = {
  timeoutMs: 1_000,
  onFailure: 'refuse',
  firstBytes: 0,
  batchItems: 256,
  maxWaiting: 4_096,
};

/** The first pause before a policy that failed is started again; it doubles. */
export const RESTART_MS = 1_000;
/** The longest such pause. */
export const MAX_RESTART_MS = 60_000;
/** Most bytes on standard error within the window. */
export const MAX_ERROR_BYTES = 1_048_576;
export const ERROR_WINDOW_MS = 10_000;
/** Longest reason of a policy that is kept, in UTF-8. */
export const MAX_REASON_BYTES = 256;
