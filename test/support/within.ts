/** What takes longer between real parts on a busy machine is taken to be lost. */
const PATIENCE_MS = 15_000;

/**
 * The value of `work`. Rejects after `limitMs` with a sentence on what did not happen, where a test would
 * otherwise run into its timeout and leave the cause unclear. Time is not waited for: a test that passes
 * takes as long as its events.
 */
export async function within<T>(
  work: Promise<T>,
  what: string | (() => string),
  limitMs: number = PATIENCE_MS,
): Promise<T> {
  const late = Promise.withResolvers<never>();
  const timer = setTimeout(() => {
    const text = typeof what === 'string' ? what : what();
    late.reject(new Error(`not within ${limitMs / 1_000} s: ${text}`));
  }, limitMs);
  try {
    return await Promise.race([work, late.promise]);
  } finally {
    clearTimeout(timer);
  }
}
