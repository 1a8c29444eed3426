import { reconciledBoth } from '../../../protocol/index.ts';
import { bytesToKey, type ItemKey } from '../../../store/index.ts';
import { isPart, type PeerRecord } from '../peers.ts';

export interface PushCoverageInit {
  /**
   * Ids of commits followed at a time; with more, all followed ids count as not pushed. Raising it
   * costs memory, and spares sessions after large commits.
   * @default 16_384
   */
  maxFollowed?: number;
}

/**
 * The changes of the set that were pushed to the mesh, so that no session need tell of them: all changes
 * since the last change that was not pushed.
 */
export class PushCoverage {
  /** Committed ids not known to be pushed, with the version of the set that has them. */
  readonly #open = new Map<string, number>();
  readonly #maxFollowed: number;
  #unpushed = 0;

  constructor({ maxFollowed = 16_384 }: PushCoverageInit = {}) {
    this.#maxFollowed = maxFollowed;
  }

  /** Items were committed, their ids as keys; the set has this version now. */
  committed(version: number, keys: Iterable<string> & { readonly length: number }): void {
    if (this.#open.size + keys.length > this.#maxFollowed) {
      this.changed(version);
      return;
    }
    for (const key of keys) this.#open.set(key, version);
  }

  /** The set has changed in a way that is never pushed. */
  changed(version: number): void {
    this.#open.clear();
    this.#unpushed = Math.max(this.#unpushed, version);
  }

  /** Committed keys have been pushed, by us or by the peer that pushed them here. */
  pushed(keys: readonly ItemKey[]): void {
    if (this.#open.size === 0) return;
    for (const { id } of keys) this.#open.delete(bytesToKey(id));
  }

  /** Whether all changes since the last session with the peer were pushed. */
  heardBy(record: PeerRecord | undefined): boolean {
    const { sessions = 0, lastSession = null } = record ?? {};
    if (sessions === 0 || lastSession === null || lastSession.error !== null) return false;
    if (isPart(lastSession) || lastSession.continueFrom !== null) return false;
    // A survey tells the peer nothing.
    if (!lastSession.equal && !reconciledBoth(lastSession)) return false;
    return lastSession.version >= this.since();
  }

  /** The version from which on all changes were pushed. */
  since(): number {
    // Over all ids before any is forgotten.
    if (this.#open.size > 0)
      this.changed([...this.#open.values()].reduce((a, b) => Math.max(a, b)));
    return this.#unpushed;
  }
}
