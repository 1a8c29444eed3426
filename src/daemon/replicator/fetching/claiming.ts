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
  #crowded = false;

  constructor(init: ClaimingInit) {
    this.#init = init;
  }

  /** Whether a large claim of this round waits for the memory of those under way. */
  get crowded(): boolean {
    return this.#crowded;
  }

  /** All sources are asked for claims anew. */
  newRound(): void {
    this.#crowded = false;
  }

  claim(source: FetchSource, situation: ClaimSituation): Claimed | null {
    const { wanted, gate } = this.#init;
    const { small, large } = wanted.unclaimed;
    if (large === 0) gate.reset();
    const mayTakeLarge = large > 0 && this.#mayTakeLarge(source, situation);
    if (mayTakeLarge && gate.overdue()) {
      const claimed = this.#large(source, situation, large);
      if (!this.#crowded) return claimed;
    }
    const ids = small === 0 ? [] : this.#small(source, situation, small);
    if (ids.length > 0) return { kind: 'small', ids };
    // A running small request closes the gate by its items, not by running.
    if (!mayTakeLarge || this.#crowded || !gate.open()) return null;
    return this.#large(source, situation, large);
  }

  #mayTakeLarge(source: FetchSource, { running }: ClaimSituation): boolean {
    // Shorter items would else pass a long one for ever.
    if (source.fetchesLarge || this.#crowded) return false;
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

  #large(source: FetchSource, situation: ClaimSituation, waiting: number): Claimed | null {
    const { only, ready } = situation;
    const { requestMs, requestBytes, maxLargeRequests } = this.#init.options;
    const share = Math.ceil(waiting / Math.min(ready.length, maxLargeRequests));
    const able = source.throughput.bytesPerMs * requestMs || FIRST_LARGE_BYTES;
    const ids = this.#init.wanted.claimLarge(source.peer, {
      max: only || source.onProbation ? 1 : Math.min(MAX_LARGE_IDS, share),
      maxBytes: Math.min(requestBytes, able),
    });
    if (ids.length === 0 || this.#leaves(source, ids, situation)) return null;
    this.#init.gate.reset();
    return { kind: 'large', ids };
  }

  /**
   * A source on probation gets only large items that no better source has. Items that do not fit the memory
   * beside those under way wait for the end of a request.
   */
  #leaves(
    { peer, onProbation }: FetchSource,
    ids: readonly Uint8Array[],
    { ready, running }: ClaimSituation,
  ): boolean {
    const { wanted, options } = this.#init;
    const better = new Set(ready.filter((other) => !other.onProbation).map((other) => other.peer));
    const hasBetter = (id: Uint8Array) => wanted.sources(id).some((other) => better.has(other));
    const held = running.filter(isLarge).reduce((sum, request) => sum + this.#longest(request), 0);
    const worse = onProbation && ids.some(hasBetter);
    this.#crowded = !worse && held > 0 && held + this.#longest({ ids }) > options.largeBytes;
    const left = worse || this.#crowded;
    if (left) for (const id of ids) wanted.release(peer, id);
    return left;
  }

  /** A request holds one item at a time. */
  #longest({ ids }: { readonly ids: readonly Uint8Array[] }): number {
    return Math.max(...ids.map((id) => this.#init.wanted.said(id)?.bytes ?? 0));
  }
}
