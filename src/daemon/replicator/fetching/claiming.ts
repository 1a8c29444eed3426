import type { ReconciliationSet } from '../../../protocol/index.ts';
import type { ReplicatorOptions } from '../options.ts';
import type { LargeTurn } from './large-item-gate.ts';
import type { FetchSource, RunningRequest } from './sources.ts';
import type { RequestKind } from './throughput.ts';

/** Claims are not made smaller than that when little is left. */
const LEAST_IDS = 16;
/** Ids in a request for large items. */
const MAX_LARGE_IDS = 64;
/** Payload bytes of large items that a peer nothing is known of is asked for. */
const FIRST_LARGE_BYTES = 1024 * 1024;

export interface ClaimingInit {
  wanted: ReconciliationSet;
  options: ReplicatorOptions;
  turn: LargeTurn;
}

export interface ClaimSituation {
  /** Only one id may be asked for. */
  readonly only: boolean;
  /** Peers that may be asked now. */
  readonly ready: readonly FetchSource[];
  readonly running: readonly RunningRequest[];
}

export interface Claimed {
  readonly kind: RequestKind;
  readonly ids: readonly Uint8Array[];
}

/**
 * Decides what a source is asked for next: as much as it brings in a short time, less when the rest
 * can be shared out among all, and large items when it is their turn.
 */
export class Claiming {
  readonly #init: ClaimingInit;

  constructor(init: ClaimingInit) {
    this.#init = init;
  }

  claim(source: FetchSource, situation: ClaimSituation): Claimed | null {
    const { wanted, turn } = this.#init;
    const { small, large } = wanted.unclaimed;
    if (large === 0) turn.reset();
    const mayTakeLarge = large > 0 && this.#mayTakeLarge(source, situation);
    if (mayTakeLarge && turn.overdue()) return this.#large(source, situation, large);
    const ids = small === 0 ? [] : this.#small(source, situation, small);
    if (ids.length > 0) return { kind: 'small', ids };
    // A small request under way that brings something puts the turn off; one that does not, must not.
    if (!mayTakeLarge || !turn.come()) return null;
    return this.#large(source, situation, large);
  }

  #mayTakeLarge(source: FetchSource, { running }: ClaimSituation): boolean {
    const isLarge = ({ kind }: RunningRequest): boolean => kind === 'large';
    if ([...source.requests].some(isLarge)) return false;
    return running.filter(isLarge).length < this.#init.options.maxLargeRequests;
  }

  #small(
    { peer, throughput }: FetchSource,
    { only, ready }: ClaimSituation,
    waiting: number,
  ): Uint8Array[] {
    const { batchItems, requestMs, requestBytes, requestsPerPeer } = this.#init.options;
    const share = Math.max(LEAST_IDS, Math.ceil(waiting / (ready.length * requestsPerPeer)));
    const able = throughput.ids({ ms: requestMs, bytes: requestBytes });
    return this.#init.wanted.claim(peer, only ? 1 : Math.min(batchItems, share, able));
  }

  #large(source: FetchSource, { only, ready }: ClaimSituation, waiting: number): Claimed | null {
    const { requestMs, requestBytes, maxLargeRequests } = this.#init.options;
    const share = Math.ceil(waiting / Math.min(ready.length, maxLargeRequests));
    const able = source.throughput.bytes(requestMs) || FIRST_LARGE_BYTES;
    const ids = this.#init.wanted.claimLarge(source.peer, {
      max: only || source.onProbation ? 1 : Math.min(MAX_LARGE_IDS, share),
      maxBytes: Math.min(requestBytes, able),
    });
    if (ids.length === 0 || this.#leaves(source, ids, ready)) return null;
    this.#init.turn.reset();
    return { kind: 'large', ids };
  }

  /** Much may be lost with a source that failed lately: it gets only what no better one has. */
  #leaves(
    { peer, onProbation }: FetchSource,
    ids: readonly Uint8Array[],
    ready: readonly FetchSource[],
  ): boolean {
    if (!onProbation) return false;
    const { wanted } = this.#init;
    const better = new Set(ready.filter((other) => !other.onProbation).map((other) => other.peer));
    const left = ids.some((id) => wanted.sources(id).some((other) => better.has(other)));
    if (left) for (const id of ids) wanted.release(peer, id);
    return left;
  }
}
