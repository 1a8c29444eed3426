import type { SharedParts } from '../parts.ts';
import type { LargeItemGate } from './large-item-gate.ts';
import { type FetchSource, isLarge, type RunningRequest } from './sources.ts';
import type { RequestKind } from './throughput.ts';

/** Fewest ids of a claim for small items, even if few are left. */
const LEAST_IDS = 16;
const MAX_LARGE_IDS = 64;
/** Payload bytes of large items that a peer of unknown throughput is asked for. */
const FIRST_LARGE_BYTES = 1024 * 1024;

export interface ClaimingInit extends Pick<SharedParts, 'wanted' | 'options'> {
  gate: LargeItemGate;
}

export interface ClaimSituation {
  /** Only one id may be asked for. */
  readonly only: boolean;
  readonly ready: readonly FetchSource[];
  readonly running: readonly RunningRequest[];
}

export interface Claimed {
  readonly kind: RequestKind;
  readonly ids: readonly Uint8Array[];
}

/**
 * Decides the next claim of a source: as many ids as it brings in a short time, fewer if few are left
 * for all sources, and large items if the gate is open.
 */
export class Claiming {
  readonly #init: ClaimingInit;

  constructor(init: ClaimingInit) {
    this.#init = init;
  }

  claim(source: FetchSource, situation: ClaimSituation): Claimed | null {
    const { wanted, gate } = this.#init;
    const { small, large } = wanted.unclaimed;
    if (large === 0) gate.reset();
    const mayTakeLarge = large > 0 && this.#mayTakeLarge(source, situation);
    if (mayTakeLarge && gate.overdue()) return this.#large(source, situation, large);
    const ids = small === 0 ? [] : this.#small(source, situation, small);
    if (ids.length > 0) return { kind: 'small', ids };
    // A running small request closes the gate by its items, not by running.
    if (!mayTakeLarge || !gate.open()) return null;
    return this.#large(source, situation, large);
  }

  #mayTakeLarge(source: FetchSource, { running }: ClaimSituation): boolean {
    if (source.fetchesLarge) return false;
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
    const able = source.throughput.bytesPerMs * requestMs || FIRST_LARGE_BYTES;
    const ids = this.#init.wanted.claimLarge(source.peer, {
      max: only || source.onProbation ? 1 : Math.min(MAX_LARGE_IDS, share),
      maxBytes: Math.min(requestBytes, able),
    });
    if (ids.length === 0 || this.#leaves(source, ids, ready)) return null;
    this.#init.gate.reset();
    return { kind: 'large', ids };
  }

  /** A source on probation gets only large items that no better source has. */
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
