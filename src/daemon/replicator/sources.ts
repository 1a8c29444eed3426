import type { Cancel, Clock } from '../../store/index.ts';
import type { BackOff } from '../backoff.ts';
import type { RunningRequest } from './running-request.ts';
import { Throughput } from './throughput.ts';

/** Requests to one peer that run, and how it has behaved. */
export class Source {
  readonly peer: string;
  readonly requests: Set<RunningRequest> = new Set();
  readonly backOff: BackOff;
  readonly throughput: Throughput = new Throughput();
  connected = true;
  /** Ids for which it sent bytes that do not hash to them, since the last request that went well. */
  invalid = 0;
  /** Requests that stalled or failed, since it last delivered something. */
  inVain = 0;
  /** Items of which it said another length than they have. */
  lies = 0;
  /** Ids it had listed and turned out not to have, since it last delivered something. */
  denied = 0;
  /** It had its rest for a listing that proved wrong. */
  penalised = false;
  #resting: Cancel | undefined;

  constructor(peer: string, backOff: BackOff) {
    this.peer = peer;
    this.backOff = backOff;
  }

  /** It has failed, and brought nothing since: it gets little to do. */
  get onProbation(): boolean {
    return this.backOff.failures > 0;
  }

  get resting(): boolean {
    return this.#resting !== undefined;
  }

  /** Asks nothing of the peer for as long as its failures call for; returns the milliseconds. */
  rest(clock: Clock, wake: () => void): number {
    const restMs = this.backOff.next();
    this.#resting?.();
    this.#resting = clock.after(restMs, () => {
      this.#resting = undefined;
      wake();
    });
    return restMs;
  }

  /** Calls off what runs; its reports mean nothing any more. */
  abandon(): void {
    for (const request of this.requests) request.abort();
    this.requests.clear();
  }

  stop(): void {
    this.abandon();
    this.#resting?.();
    this.#resting = undefined;
  }
}

const DEFAULT_MAX_GONE = 1_000;

export interface SourcesInit {
  newBackOff: () => BackOff;
  /**
   * Peers gone whose behaviour is remembered, so that coming back does not end a rest.
   * @default 1_000
   */
  maxGone?: number;
}

/** Peers to fetch from, bounded also when they come and go. */
export class Sources {
  readonly #sources = new Map<string, Source>();
  readonly #newBackOff: () => BackOff;
  readonly #maxGone: number;

  constructor({ newBackOff, maxGone = DEFAULT_MAX_GONE }: SourcesInit) {
    this.#newBackOff = newBackOff;
    this.#maxGone = maxGone;
  }

  connected(peer: string): Source {
    const source = this.#sources.get(peer) ?? new Source(peer, this.#newBackOff());
    this.#sources.delete(peer);
    this.#sources.set(peer, source);
    source.connected = true;
    return source;
  }

  get(peer: string): Source | undefined {
    return this.#sources.get(peer);
  }

  /** It got its turn: the others come first now. */
  served(source: Source): void {
    this.#sources.delete(source.peer);
    this.#sources.set(source.peer, source);
  }

  disconnected(peer: string): void {
    const source = this.#sources.get(peer);
    if (source === undefined) return;
    source.connected = false;
    source.abandon();
    const gone = [...this.#sources.values()].filter((other) => !other.connected);
    for (const oldest of gone.slice(0, Math.max(0, gone.length - this.#maxGone))) {
      oldest.stop();
      this.#sources.delete(oldest.peer);
    }
  }

  /** Those that may be asked now: none on probation before others, then whose last turn is longest ago. */
  get ready(): Source[] {
    const ready = [...this.#sources.values()].filter(
      (source) => source.connected && !source.resting,
    );
    return ready.sort((a, b) => Number(a.onProbation) - Number(b.onProbation));
  }

  stop(): void {
    for (const source of this.#sources.values()) source.stop();
  }
}
