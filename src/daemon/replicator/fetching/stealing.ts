import type { ReconciliationSet } from '../../../protocol/index.ts';
import type { Cancel, Clock } from '../../../store/index.ts';
import type { FetchSource, RunningRequest } from './sources.ts';

export interface StealingInit {
  clock: Clock;
  wanted: ReconciliationSet;
  stealAfterMs: number;
  /** Called when something may have become too slow. */
  wake: () => void;
}

/** A small request that takes so many times as long without progress may is too slow all the same. */
const PATIENCE = 5;
/** A large item may come at so many bytes a millisecond, however quick others are. */
const LARGE_BYTES_PER_MS = 256;
/**
 * What is late is looked at once more so many milliseconds later: were we busy ourselves, what came
 * meanwhile has been read by then.
 */
const GRACE_MS = 250;
/** Who takes over a request that does get on must be so many times as quick. */
const QUICKER = 4;

/**
 * Finds requests that hold ids which an idle source could bring sooner: so a peer that trickles, or
 * has fallen silent, does not hold up the end.
 */
export class Stealing {
  readonly #init: StealingInit;
  #waiting: Cancel | undefined;

  constructor(init: StealingInit) {
    this.#init = init;
  }

  /** Those to be given up now. Wakes again when one of the others may be. */
  late(running: Iterable<RunningRequest>, idle: readonly FetchSource[]): RunningRequest[] {
    if (idle.length === 0) return [];
    const now = this.#init.clock.monotonic();
    const late: RunningRequest[] = [];
    let next = Number.POSITIVE_INFINITY;
    for (const request of running) {
      let due = this.#due(request, idle, now);
      if (due <= now) due = suspected(request, now);
      if (due > now) next = Math.min(next, due);
      else late.push(request);
    }
    if (next < Number.POSITIVE_INFINITY) this.#wakeIn(Math.ceil(next - now));
    return late;
  }

  stop(): void {
    this.#waiting?.();
    this.#waiting = undefined;
  }

  #due(request: RunningRequest, idle: readonly FetchSource[], now: number): number {
    const { wanted, stealAfterMs } = this.#init;
    // It waits for us to store what it brought.
    if (request.progressAt > now) return now + stealAfterMs;
    const still = request.progressAt + stealAfterMs;
    const impatient = request.startedAt + this.#patienceMs(request);
    const soonest = Math.min(still, impatient);
    if (soonest > now) return soonest;
    const left = request.ids.findLast((id) => wanted.claimedBy(id) === request.source.peer);
    if (left === undefined) return Number.POSITIVE_INFINITY;
    const thieves = idle.filter(
      (source) => source !== request.source && wanted.mayAsk(source.peer, left),
    );
    if (thieves.length === 0) return Number.POSITIVE_INFINITY;
    const best = Math.max(...thieves.map(({ throughput }) => throughput.bytesPerMs));
    const rate = request.bytes / Math.max(1, request.durationMs);
    return best < QUICKER * rate ? still : soonest;
  }

  #patienceMs({ kind, ids }: RunningRequest): number {
    const { wanted, stealAfterMs } = this.#init;
    const patienceMs = PATIENCE * stealAfterMs;
    if (kind === 'small') return patienceMs;
    const bytes = ids.reduce((sum, id) => sum + (wanted.length(id) ?? 0), 0);
    return patienceMs + bytes / LARGE_BYTES_PER_MS;
  }

  #wakeIn(ms: number): void {
    this.stop();
    this.#waiting = this.#init.clock.after(ms, () => {
      this.#waiting = undefined;
      this.#init.wake();
    });
  }
}

/** When a late request is given up. */
function suspected(request: RunningRequest, now: number): number {
  request.suspectedAt ??= now;
  return request.suspectedAt + GRACE_MS;
}
