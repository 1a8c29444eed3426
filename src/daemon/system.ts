import { randomBytes } from 'node:crypto';
import { statfs } from 'node:fs/promises';
import type { Clock, Disk, Random } from '../store/index.ts';

/** The real clock. The only place in `src/` that reads time or sets a timer. */
export const systemClock: Clock = {
  now: () => Date.now(),
  monotonic: () => performance.now(),
  after(delayMs, callback) {
    if (delayMs <= 0) {
      const immediate = setImmediate(callback);
      return () => clearImmediate(immediate);
    }
    const timer = setTimeout(callback, delayMs);
    return () => clearTimeout(timer);
  },
};

/** Milliseconds since the epoch as ISO 8601 in UTC, with milliseconds. */
export function isoTime(epochMs: number): string {
  return new Date(epochMs).toISOString();
}

/** The real randomness. */
export const systemRandom: Random = {
  bytes: (length) => new Uint8Array(randomBytes(length)),
  fraction: () => Math.random(),
};

/** The disk that `directory` lies on. */
export function systemDisk(directory: string): Disk {
  return {
    async freeBytes() {
      const stats = await statfs(directory);
      return stats.bavail * stats.bsize;
    },
  };
}
