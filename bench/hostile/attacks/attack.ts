/** What an attack is aimed at. */
export interface Target {
  /** Where peers reach the victim. */
  readonly address: string;
  /** Its admin endpoint. */
  readonly admin: string;
  /** Id of an item of 16 MiB that the victim holds, as hex. */
  readonly largeId: string;
  /** Private keys, as hex, of the peers that the victim takes nothing from, and gives nothing to. */
  readonly readerKey: string;
  readonly writerKey: string;
}

/**
 * Makes its identities, then calls `begin` and goes on until the signal that it returns aborts. Rejects
 * only for a fault of its own.
 */
export type Attack = (target: Target, begin: () => AbortSignal) => Promise<void>;

/** Calls `work` again and again, `lanes` at a time; a refusal of the victim is a reason to try again. */
export async function keepTrying(
  lanes: number,
  signal: AbortSignal,
  work: (lane: number) => Promise<void>,
): Promise<void> {
  const tryOn = async (lane: number): Promise<void> => {
    while (!signal.aborted) {
      try {
        await work(lane);
      } catch {
        await restFor(50, signal);
      }
    }
  };
  await Promise.all(Array.from({ length: lanes }, (_, lane) => tryOn(lane)));
}

/** Resolves after `ms`, or when the signal aborts. */
export function restFor(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const end = (): void => {
      clearTimeout(timer);
      signal.removeEventListener('abort', end);
      resolve();
    };
    const timer = setTimeout(end, ms);
    signal.addEventListener('abort', end, { once: true });
    if (signal.aborted) end();
  });
}
