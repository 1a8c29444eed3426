import {
  bytesToKey,
  ID_BYTES,
  keyToBytes,
  lackingIn,
  type Snapshot,
} from '../../../../store/index.ts';
import type { Step } from '../../dialect.ts';
import { pieces } from './message-builder.ts';

/** Compares lists of ids with our own, and tells each difference once in a session. */
export class Learner {
  readonly #snapshot: Snapshot;
  readonly #missing = new Set<string>();
  /** A bit for each rank whose id was told. */
  #told: Uint8Array | null = null;
  #have: Uint8Array[] = [];
  /** Ids in lists of the peer and not in ours; we may hold them under another hint. */
  #foreign = new Set<string>();
  /** All lists so far were equal to ours. */
  same = true;

  constructor(snapshot: Snapshot) {
    this.#snapshot = snapshot;
  }

  /** Ids found missing so far. */
  get missing(): number {
    return this.#missing.size;
  }

  /** @param theirs The ids of the peer in the range of our [begin, end), concatenated. */
  compare(theirs: Uint8Array, begin: number, end: number): void {
    const others = keysOf(theirs);
    let rank = begin;
    for (const piece of pieces(this.#snapshot, begin, end)) {
      for (let at = 0; at < piece.length; at += ID_BYTES, rank++) {
        const id = piece.subarray(at, at + ID_BYTES);
        if (!others.delete(bytesToKey(id))) this.#tell(rank, id);
      }
    }
    for (const key of others) this.#note(key);
  }

  /** The differences since the last call; the missing ids are not here under any hint. */
  take(): Required<Pick<Step, 'have' | 'missing'>> {
    const have = this.#have;
    const missing = lackingIn(this.#snapshot, [...this.#foreign].map(keyToBytes));
    for (const id of missing) this.#missing.add(bytesToKey(id));
    this.#have = [];
    this.#foreign = new Set();
    return { have, missing };
  }

  #tell(rank: number, id: Uint8Array): void {
    this.same = false;
    this.#told ??= new Uint8Array(Math.ceil(this.#snapshot.size / 8));
    const bit = 1 << (rank & 7);
    if ((this.#told[rank >>> 3]! & bit) !== 0) return;
    this.#told[rank >>> 3]! |= bit;
    this.#have.push(id.slice());
  }

  #note(key: string): void {
    this.same = false;
    if (!this.#missing.has(key)) this.#foreign.add(key);
  }
}

function keysOf(ids: Uint8Array): Set<string> {
  const keys = new Set<string>();
  for (let at = 0; at < ids.length; at += ID_BYTES) {
    keys.add(bytesToKey(ids.subarray(at, at + ID_BYTES)));
  }
  return keys;
}
