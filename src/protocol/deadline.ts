import type { Clock } from '../store/index.ts';

export interface Deadline {
  clock: Clock;
  ms: number;
  /** Must make the operation settle: abort its channel, or the signal it was given. */
  expire: () => void;
}

/** The outcome of `operation`, which is told when it takes longer than allowed. */
export async function within<T>(deadline: Deadline, operation: () => Promise<T>): Promise<T> {
  const cancel = deadline.clock.after(deadline.ms, deadline.expire);
  try {
    return await operation();
  } finally {
    cancel();
  }
}
