import { Alarm } from '../../../store/index.ts';
import type { SharedParts } from '../parts.ts';
import { type FetchSource, isLarge, type RunningRequest } from './sources.ts';

export interface RequestReassignmentInit extends Pick<SharedParts, 'wanted' | 'clock' | 'options'> {
  /** Called when a request may have become too slow. */
  wake: () => void;
}

export interface RequestSituation {
  readonly running: readonly RunningRequest[];
  /** The sources that may be asked. */
  readonly ready: readonly FetchSource[];
  /** Whether a large item waits for the memory of those under way. */
  readonly crowded: boolean;
}

/** A late request may take so many times `stealAfterMs` while it makes progress. */
const LATE_PATIENCE = 5;
/** Bytes a millisecond that are quick enough for a large item. */
const LARGE_BYTES_PER_MS = 256;
/**
 * A late request is checked again so many milliseconds later: a busy node has read the answers that
 * came by then.
 */
const GRACE_MS = 250;
/** An idle source takes over a request that makes progress only if it is so many times as quick. */
const IDLE_QUICKER = 4;

/** The rate of a request counts after so many times `stealAfterMs`. */
const CROWDING_PATIENCE = 10;
/** A request is crowding if a waiting source brings so many times as much in the same time. */
const WAITING_QUICKER = 16;
/** Payload bytes a millisecond that a source of unknown throughput is supposed to bring. */
const UNKNOWN_BYTES_PER_MS = 16;
/** Bytes a millisecond at which a request is never crowding. */
const ENOUGH_BYTES_PER_MS = 128;

/**
 * Finds requests to end, so that another source gets their ids or their room. A late request holds
 * ids that an idle source could bring sooner. A crowding request takes room for which another source
 * waits, and brings next to nothing.
 */
export class RequestReassignment {
  readonly #init: RequestReassignmentInit;
  readonly #lateAlarm: Alarm;
  readonly #crowdingAlarm: Alarm;

  constructor(init: RequestReassignmentInit) {
    this.#init = init;
    this.#lateAlarm = new Alarm(init.clock);
    this.#crowdingAlarm = new Alarm(init.clock);
  }

  /** Requests to end now. */
  due({ running, ready, crowded }: RequestSituation): RunningRequest[] {
    const { requestsPerPeer } = this.#init.options;
    const idle = ready.filter(({ requests }) => requests.size < requestsPerPeer);
    const late = this.late(running, idle);
    const crowding = this.crowding({ running, ready, crowded });
    return crowding === null ? late : [...late, crowding];
  }

  /** Late requests. Wakes again when another one may have become late. */
  late(running: readonly RunningRequest[], idle: readonly FetchSource[]): RunningRequest[] {
    if (idle.length === 0) return [];
    const now = this.#init.clock.monotonic();
    const ends = new Map(running.map((request) => [request, this.#endAt(request, idle, now)]));
    const next = Math.min(...[...ends.values()].filter((end) => end > now));
    if (next < Number.POSITIVE_INFINITY) {
      this.#lateAlarm.set(Math.ceil(next - now), this.#init.wake);
    }
    return running.filter((request) => ends.get(request)! <= now);
  }

  /** The slowest crowding request, if a source waits for its room. */
  crowding({ running, ready, crowded }: RequestSituation): RunningRequest | null {
    const { wanted, options } = this.#init;
    const { small, large } = wanted.unclaimed;
    const able = ready.filter((source) => !source.onProbation && this.#lists(source));
    const larges = running.filter(isLarge);
    if (large > 0 && (crowded || larges.length >= options.maxLargeRequests)) {
      const waiting = able.filter(({ fetchesLarge }) => !fetchesLarge);
      return this.#slowest(larges, waiting);
    }
    if (small + large === 0 || running.length < options.maxRequests) return null;
    const waiting = able.filter(({ requests }) => requests.size === 0);
    return this.#slowest(running, waiting);
  }

  stop(): void {
    this.#lateAlarm.cancel();
    this.#crowdingAlarm.cancel();
  }

  #endAt(request: RunningRequest, idle: readonly FetchSource[], now: number): number {
    const late = this.#lateAt(request, idle, now);
    if (late > now) return late;
    request.suspectedAt ??= now;
    return request.suspectedAt + GRACE_MS;
  }

  #lateAt(request: RunningRequest, idle: readonly FetchSource[], now: number): number {
    const { wanted, options } = this.#init;
    if (waitsForUs(request, now)) return now + options.stealAfterMs;
    const still = request.progressAt + options.stealAfterMs;
    const impatient = request.startedAt + this.#patienceMs(request);
    const soonest = Math.min(still, impatient);
    if (soonest > now) return soonest;
    const left = request.ids.findLast((id) => wanted.claimedBy(id) === request.source.peer);
    if (left === undefined) return Number.POSITIVE_INFINITY;
    const successors = idle.filter(
      (source) => source !== request.source && wanted.mayAsk(source.peer, left),
    );
    if (successors.length === 0) return Number.POSITIVE_INFINITY;
    const best = Math.max(...successors.map(({ throughput }) => throughput.bytesPerMs));
    return best < IDLE_QUICKER * bytesPerMs(request) ? still : soonest;
  }

  #patienceMs({ kind, ids }: RunningRequest): number {
    const { wanted, options } = this.#init;
    const patienceMs = LATE_PATIENCE * options.stealAfterMs;
    if (kind === 'small') return patienceMs;
    const bytes = ids.reduce((sum, id) => sum + (wanted.length(id) ?? 0), 0);
    return patienceMs + bytes / LARGE_BYTES_PER_MS;
  }

  /** Wakes again later if no request is slow enough yet. */
  #slowest(
    running: readonly RunningRequest[],
    waiting: readonly FetchSource[],
  ): RunningRequest | null {
    if (waiting.length === 0) return null;
    const rates = waiting.map(({ throughput }) => throughput.bytesPerMs);
    const best = Math.max(...rates.map((rate) => rate / WAITING_QUICKER || UNKNOWN_BYTES_PER_MS));
    const enough = Math.min(best, ENOUGH_BYTES_PER_MS);
    const patienceMs = CROWDING_PATIENCE * this.#init.options.stealAfterMs;
    const now = this.#init.clock.monotonic();
    const [first, ...others] = running.filter(
      (request) =>
        request.durationMs >= patienceMs &&
        !waitsForUs(request, now) &&
        bytesPerMs(request) < enough,
    );
    if (first === undefined) {
      this.#crowdingAlarm.ensure(patienceMs, this.#init.wake);
      return null;
    }
    return others.reduce((a, b) => (bytesPerMs(b) < bytesPerMs(a) ? b : a), first);
  }

  #lists({ peer }: FetchSource): boolean {
    const { wanted } = this.#init;
    return [peer, wanted.mirrors(peer)].some((one) => one !== undefined && wanted.listed(one) > 0);
  }
}

/** Whether this node is the slow side: it stores items of the request, or pays for their bytes. */
function waitsForUs({ progressAt }: RunningRequest, now: number): boolean {
  return progressAt > now;
}

function bytesPerMs({ bytes, durationMs }: RunningRequest): number {
  return bytes / Math.max(1, durationMs);
}
