import { delay } from '../../alarm.ts';
import type { BulkPace, Clock } from '../../environment.ts';

const SLICE_MS = 10;

/** Slices of the same length by the clock, with pending I/O between them. */
export function steadyPace(clock: Clock): BulkPace {
  return { sliceMs: SLICE_MS, busyMs: () => clock.monotonic(), turn: () => delay(clock) };
}
