import { bytesToKey, keyToBytes } from '../../../store/index.ts';

export interface RefusedIdsInit {
  /**
   * Words remembered; with more, the ids said first are forgotten, and tried once more.
   * @default 131_072
   */
  maxWords?: number;
  /**
   * Peers remembered for one id; with more, the first is asked once more when it lists the id again.
   * @default 64
   */
  maxWitnesses?: number;
}

/**
 * Items that a peer is not asked for again: those that it says to be above the limits of this node, or those
 * that this node does not take of it. Any other peer that lists the item is asked.
 */
export class RefusedIds {
  readonly #witnesses = new Map<string, Set<string>>();
  readonly #maxWords: number;
  readonly #maxWitnesses: number;
  readonly #connected = new Set<string>();
  #words = 0;
  /** Null: not counted since a change. */
  #held: number | null = 0;

  constructor({ maxWords = 131_072, maxWitnesses = 64 }: RefusedIdsInit = {}) {
    this.#maxWords = maxWords;
    this.#maxWitnesses = maxWitnesses;
  }

  get size(): number {
    return this.#witnesses.size;
  }

  /** Ids that a connected peer has. */
  get held(): number {
    if (this.#held !== null) return this.#held;
    let held = 0;
    for (const peers of this.#witnesses.values()) {
      for (const peer of peers) {
        if (!this.#connected.has(peer)) continue;
        held++;
        break;
      }
    }
    this.#held = held;
    return held;
  }

  /** The oldest first. */
  *ids(): Iterable<Uint8Array> {
    for (const key of this.#witnesses.keys()) yield keyToBytes(key);
  }

  connected(peer: string): void {
    this.#connected.add(peer);
    this.#held = null;
  }

  disconnected(peer: string): void {
    this.#connected.delete(peer);
    this.#held = null;
  }

  /** Drops all that the peer said; false if that was nothing. */
  forget(peer: string): boolean {
    const before = this.#words;
    for (const [key, peers] of this.#witnesses) {
      if (!peers.delete(peer)) continue;
      this.#words--;
      if (peers.size === 0) this.#witnesses.delete(key);
    }
    this.#held = null;
    return this.#words < before;
  }

  /** The peers that say that the item is too large, connected or not. */
  witnesses(id: Uint8Array): string[] {
    return [...(this.#witnesses.get(bytesToKey(id)) ?? [])];
  }

  /** Whether `peer` itself says so. */
  hasFrom(peer: string, id: Uint8Array): boolean {
    if (this.#witnesses.size === 0) return false;
    return this.#witnesses.get(bytesToKey(id))?.has(peer) ?? false;
  }

  /** False if the peer said so before. */
  add(peer: string, id: Uint8Array): boolean {
    const key = bytesToKey(id);
    const known = this.#witnesses.get(key) ?? new Set();
    if (known.has(peer)) return false;
    this.#held = null;
    this.#witnesses.set(key, known.add(peer));
    if (known.size > this.#maxWitnesses) known.delete(known.values().next().value!);
    else this.#words++;
    if (this.#words > this.#maxWords) this.#forget(this.#witnesses.keys().next().value!);
    return true;
  }

  /** The peers may be asked for the item again; returns them. */
  delete(id: Uint8Array): Iterable<string> {
    if (this.#witnesses.size === 0) return [];
    const key = bytesToKey(id);
    const witnesses = this.#witnesses.get(key) ?? [];
    this.#forget(key);
    return witnesses;
  }

  /** Peers may be asked for all items again. */
  clear(): void {
    this.#witnesses.clear();
    this.#words = 0;
    this.#held = 0;
  }

  #forget(key: string): void {
    this.#held = null;
    this.#words -= this.#witnesses.get(key)?.size ?? 0;
    this.#witnesses.delete(key);
  }
}
