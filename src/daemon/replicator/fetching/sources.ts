import { Alarm, type Clock } from '../../../store/index.ts';
import { BackOff } from '../../backoff.ts';
import type { ReplicatorOptions } from '../options.ts';
import { type RequestKind, Throughput } from './throughput.ts';

/** A peer as a source: its running requests, and its behaviour so far. */
export class FetchSource {
  readonly peer: string;
  readonly requests: Set<RunningRequest> = new Set();
  readonly backOff: BackOff;
  readonly throughput: Throughput = new Throughput();
  connected = true;
  /** It has brought an item, and its lists are believed since. */
  delivered = false;
  /** Ids with wrong bytes since its last complete request. */
  invalid = 0;
  /** Requests that stalled or failed since its last item. */
  inVain = 0;
  /** Items with a wrong length by its word. */
  lies = 0;
  /** Listed ids that it turned out to lack since its last item. */
  denied = 0;
  /** It had its rest for a wrong listing. */
  penalised = false;
  #rest: Alarm | undefined;

  constructor(peer: string, backOff: BackOff) {
    this.peer = peer;
    this.backOff = backOff;
  }

  /** It failed, and brought nothing since: it gets little to do. */
  get onProbation(): boolean {
    return this.backOff.failures > 0;
  }

  get resting(): boolean {
    return this.#rest?.pending ?? false;
  }

  get fetchesLarge(): boolean {
    return [...this.requests].some(isLarge);
  }

  /** Rests the source, longer after each failure; returns the milliseconds. */
  rest(clock: Clock, wake: () => void): number {
    const restMs = this.backOff.next();
    this.#rest ??= new Alarm(clock);
    this.#rest.set(restMs, wake);
    return restMs;
  }

  /** It has brought too much of late: it is asked again after `ms`, without blame. */
  waitFor(ms: number, clock: Clock, wake: () => void): void {
    this.#rest ??= new Alarm(clock);
    this.#rest.set(Math.ceil(ms), wake);
  }

  /** Calls off the running requests, and drops their reports. */
  abandon(): void {
    for (const request of this.requests) request.abort();
    this.requests.clear();
  }

  stop(): void {
    this.abandon();
    this.#rest?.cancel();
  }
}

export interface SourcesInit extends Pick<ReplicatorOptions, 'backoffBaseMs' | 'backoffMaxMs'> {
  /**
   * Disconnected peers whose behaviour is remembered, so that coming back does not end a rest.
   * @default 1_000
   */
  maxGone?: number;
}

/** Peers to fetch from, bounded also when they come and go. */
export class Sources {
  readonly #sources = new Map<string, FetchSource>();
  readonly #init: SourcesInit;
  stopped = false;

  constructor(init: SourcesInit) {
    this.#init = init;
  }

  connected(peer: string): FetchSource {
    const { backoffBaseMs: baseMs, backoffMaxMs: maxMs } = this.#init;
    const source = this.#sources.get(peer) ?? new FetchSource(peer, new BackOff({ baseMs, maxMs }));
    source.connected = true;
    this.served(source);
    return source;
  }

  get(peer: string): FetchSource | undefined {
    return this.#sources.get(peer);
  }

  /** It had its turn: the others come first now. */
  served(source: FetchSource): void {
    this.#sources.delete(source.peer);
    this.#sources.set(source.peer, source);
  }

  disconnected(peer: string): void {
    const source = this.#sources.get(peer);
    if (source === undefined) return;
    source.connected = false;
    source.abandon();
    const gone = [...this.#sources.values()].filter((other) => !other.connected);
    const surplus = Math.max(0, gone.length - (this.#init.maxGone ?? 1_000));
    for (const oldest of gone.slice(0, surplus)) {
      oldest.stop();
      this.#sources.delete(oldest.peer);
    }
  }

  /** Sources that may be asked now: without probation first, then by the oldest last turn. */
  get ready(): FetchSource[] {
    if (this.stopped) return [];
    const ready = [...this.#sources.values()].filter(
      (source) => source.connected && !source.resting,
    );
    return ready.sort((a, b) => Number(a.onProbation) - Number(b.onProbation));
  }

  stop(): void {
    this.stopped = true;
    for (const source of this.#sources.values()) source.stop();
  }
}

/** Payload bytes that count as progress; an answered id always does. */
const PROGRESS_BYTES = 16 * 1024;

/** A request to a source, while it runs. */
export class RunningRequest {
  readonly source: FetchSource;
  readonly kind: RequestKind;
  readonly ids: readonly Uint8Array[];
  readonly startedAt: number;
  readonly #clock: Clock;
  readonly #control = new AbortController();
  /** Its last progress, on the monotonic clock; infinity while this node holds it up. */
  progressAt: number;
  #unmarked = 0;
  #firstAt: number | undefined;
  /** Payload bytes that have come. */
  bytes = 0;
  /** When it was first seen to be late, on the monotonic clock; undefined after new progress. */
  suspectedAt: number | undefined;
  /** It was ended because another source waits for its ids or its room. */
  reassigned = false;

  constructor(init: Pick<RunningRequest, 'source' | 'kind' | 'ids'> & { clock: Clock }) {
    this.source = init.source;
    this.kind = init.kind;
    this.ids = init.ids;
    this.#clock = init.clock;
    this.startedAt = init.clock.monotonic();
    this.progressAt = this.startedAt;
  }

  get signal(): AbortSignal {
    return this.#control.signal;
  }

  get durationMs(): number {
    return this.#clock.monotonic() - this.startedAt;
  }

  /** Since the first answer: the time before it tells nothing about the throughput. */
  get streamedMs(): number {
    return this.#firstAt === undefined ? 0 : this.#clock.monotonic() - this.#firstAt;
  }

  came(bytes: number): void {
    this.#firstAt ??= this.#clock.monotonic();
    this.bytes += bytes;
    this.#unmarked += bytes;
    if (bytes > 0 && this.#unmarked < PROGRESS_BYTES) return;
    this.#mark();
  }

  /** While items wait for a turn or are being stored, or bytes paid for, this node is the slow one. */
  async holding(work: Promise<void>): Promise<void> {
    this.progressAt = Number.POSITIVE_INFINITY;
    try {
      await work;
    } finally {
      this.#mark();
    }
  }

  abort(): void {
    this.#control.abort();
  }

  reassign(): void {
    if (this.reassigned) return;
    this.reassigned = true;
    this.abort();
  }

  #mark(): void {
    this.#unmarked = 0;
    this.suspectedAt = undefined;
    this.progressAt = this.#clock.monotonic();
  }
}

export function isLarge({ kind }: RunningRequest): boolean {
  return kind === 'large';
}
