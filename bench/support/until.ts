import { setTimeout as pause } from 'node:timers/promises';

const LOOK_EVERY_MS = 200;
/** Told so often, that a slow machine is not taken for a stuck bench. */
const TELL_EVERY_MS = 10_000;
const LIMIT_MS = 180_000;

/**
 * Waits until `lacking` gives null, and says on standard error now and then what it waits for. Rejects
 * with the last reason after `limitMs`.
 */
export async function until(
  what: string,
  lacking: () => Promise<string | null>,
  limitMs: number = LIMIT_MS,
): Promise<void> {
  const begin = performance.now();
  let told = begin;
  for (;;) {
    const reason = await lacking();
    if (reason === null) return;
    const now = performance.now();
    if (now - begin >= limitMs) {
      throw new Error(`not after ${Math.round(limitMs / 1_000)} s: ${what} (${reason})`);
    }
    if (now - told >= TELL_EVERY_MS) {
      told = now;
      const seconds = Math.round((now - begin) / 1_000);
      console.error(`waiting for ${seconds} s until ${what}: ${reason}`);
    }
    await pause(LOOK_EVERY_MS);
  }
}
