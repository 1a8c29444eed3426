import type { Clock } from '../../store/index.ts';
import type { ByteBudget } from './byte-budget.ts';

/** A holder of memory, and how slow it may be. */
export interface SlowHolderInit {
  clock: Clock;
  /** What the holder has a part of. */
  budget: Pick<ByteBudget, 'waiting'>;
  /** Least bytes a second, from five seconds after the beginning on. */
  bytesPerSecond: number;
  /** Bytes that have gone on so far; it may begin at any number. */
  progress: () => number;
  /** Called once if the holder is slower while others wait: it must give its part back. */
  tooSlow: () => void;
}

const LOOK_MS = 1_000;
const GRACE_MS = 5_000;

/** A slow holder may keep its part for as long as no other waits. Returns the way to end the watch. */
export function watchHolder(init: SlowHolderInit): () => void {
  const { clock, budget, bytesPerSecond, progress, tooSlow } = init;
  const begun = clock.monotonic();
  const before = progress();
  const look = (): void => {
    const due = ((clock.monotonic() - begun) * bytesPerSecond) / 1_000;
    if (budget.waiting > 0 && progress() - before < due) tooSlow();
    else cancel = clock.after(LOOK_MS, look);
  };
  let cancel = clock.after(GRACE_MS, look);
  return () => cancel();
}
