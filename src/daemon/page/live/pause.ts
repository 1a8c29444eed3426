import type { PageClock } from './types.ts';

/** Resolves after the time, or when the signal aborts. */
export async function pause(
  clock: Pick<PageClock, 'after'>,
  ms: number,
  signal: AbortSignal,
): Promise<void> {
  if (signal.aborted) return;
  const { promise, resolve } = Promise.withResolvers<void>();
  const wake = () => resolve();
  const cancel = clock.after(ms, wake);
  signal.addEventListener('abort', wake);
  await promise;
  signal.removeEventListener('abort', wake);
  cancel();
}
