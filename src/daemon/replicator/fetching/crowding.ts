import type { ReconciliationSet } from '../../../protocol/index.ts';
import type { Cancel, Clock } from '../../../store/index.ts';
import type { ReplicatorOptions } from '../options.ts';
import type { FetchSource, RunningRequest } from './sources.ts';

export interface CrowdingInit {
  clock: Clock;
  wanted: ReconciliationSet;
  options: ReplicatorOptions;
  /** Called when a request may have become too slow. */
  wake: () => void;
}

/** A request has so many times as long as one without progress may take, before its rate counts. */
const PATIENCE = 10;
/** It is too slow when a peer that waits for room brings so many times as much in the same time. */
const QUICKER = 16;
/** Payload bytes a millisecond that any peer is supposed to bring of which nothing is known. */
const ANY_BYTES_PER_MS = 16;
/** Who brings so many keeps its room, however quick others are. */
const ENOUGH_BYTES_PER_MS = 128;

/**
 * Finds requests that take up room which others wait for, and bring next to nothing: so some peers
 * that each trickle something only they have do not hold all the room there is.
 */
export class Crowding {
  readonly #init: CrowdingInit;
  #looking: Cancel | undefined;

  constructor(init: CrowdingInit) {
    this.#init = init;
  }

  /** The request that is to give up its room to a source that waits for some, if any. */
  victim(running: readonly RunningRequest[], ready: readonly FetchSource[]): RunningRequest | null {
    const { wanted, options } = this.#init;
    const { small, large } = wanted.unclaimed;
    const able = ready.filter((source) => !source.onProbation && this.#lists(source));
    const larges = running.filter(isLarge);
    if (large > 0 && larges.length >= options.maxLargeRequests) {
      const waiting = able.filter(({ requests }) => ![...requests].some(isLarge));
      return this.#slowest(larges, waiting);
    }
    if (small + large === 0 || running.length < options.maxRequests) return null;
    const waiting = able.filter(({ requests }) => requests.size === 0);
    return this.#slowest(running, waiting);
  }

  stop(): void {
    this.#looking?.();
    this.#looking = undefined;
  }

  /** Looks again later when none is slow enough yet. */
  #slowest(
    running: readonly RunningRequest[],
    waiting: readonly FetchSource[],
  ): RunningRequest | null {
    if (waiting.length === 0) return null;
    const rates = waiting.map(({ throughput }) => throughput.bytesPerMs);
    const best = Math.max(...rates.map((rate) => rate / QUICKER || ANY_BYTES_PER_MS));
    const enough = Math.min(best, ENOUGH_BYTES_PER_MS);
    const patienceMs = PATIENCE * this.#init.options.stealAfterMs;
    const now = this.#init.clock.monotonic();
    const slow = running.filter(
      // Progress in the future: it waits for us to store what it brought.
      (request) =>
        request.durationMs >= patienceMs && request.progressAt <= now && rate(request) < enough,
    );
    const [first, ...others] = slow;
    if (first === undefined) {
      this.#lookIn(patienceMs);
      return null;
    }
    return others.reduce(
      (slowest, other) => (rate(other) < rate(slowest) ? other : slowest),
      first,
    );
  }

  #lists({ peer }: FetchSource): boolean {
    const { wanted } = this.#init;
    return [peer, wanted.mirrors(peer)].some((one) => one !== undefined && wanted.listed(one) > 0);
  }

  #lookIn(ms: number): void {
    this.#looking ??= this.#init.clock.after(ms, () => {
      this.#looking = undefined;
      this.#init.wake();
    });
  }
}

function isLarge({ kind }: RunningRequest): boolean {
  return kind === 'large';
}

function rate({ bytes, durationMs }: RunningRequest): number {
  return bytes / Math.max(1, durationMs);
}
