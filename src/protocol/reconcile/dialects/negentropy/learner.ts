import {
  type Bytes,
  bytesToKey,
  ID_BYTES,
  keyToBytes,
  lackingIn,
  type Snapshot,
} from '../../../../store/index.ts';
import type { Step } from '../../dialect.ts';
import type { Slices } from '../shared/index.ts';
import { PIECE, pieces } from './message-builder.ts';

/** Charges ids before they are read; `over`: the share of this turn is used up. */
export interface LearnerWork {
  visit(ids: number): void;
  over(): boolean;
}

/** Ids on one side alone, 32 bytes each; the missing ones are not here under any hint. */
export type Learnt = Required<Pick<Step, 'have' | 'missing'>>;

/** Compares lists of ids with our own, and tells each difference once in a session. */
export class Learner {
  readonly #snapshot: Snapshot;
  readonly #work: LearnerWork;
  readonly #missing = new Set<string>();
  /** A bit for each rank whose id was told. */
  #told: Uint8Array | null = null;
  #have: Bytes[] = [];
  /** Ids in lists of the peer and not in ours; we may hold them under another hint. */
  #foreign = new Set<string>();
  /** All lists so far were equal to ours. */
  same = true;

  constructor(snapshot: Snapshot, work: LearnerWork) {
    this.#snapshot = snapshot;
    this.#work = work;
  }

  /** Ids found missing so far. */
  get missing(): number {
    return this.#missing.size;
  }

  /** @param theirs The ids of the peer in the range of our [begin, end), concatenated. */
  *compare(theirs: Uint8Array, begin: number, end: number): Slices<void> {
    const others = new Set<string>();
    for (let at = 0; at < theirs.length; at += ID_BYTES) {
      yield* this.#visit(1);
      others.add(bytesToKey(theirs.subarray(at, at + ID_BYTES)));
    }
    let rank = begin;
    for (const piece of pieces(this.#snapshot, begin, end)) {
      yield* this.#visit(piece.length / ID_BYTES);
      for (let at = 0; at < piece.length; at += ID_BYTES, rank++) {
        const id = piece.subarray(at, at + ID_BYTES);
        if (!others.delete(bytesToKey(id))) this.#tell(rank, id);
      }
    }
    for (const key of others) {
      yield* this.#visit(1);
      this.#note(key);
    }
  }

  /** The differences since the last call, some already in the slices. */
  *take(): Slices<Learnt> {
    const foreign = [...this.#foreign];
    this.#foreign = new Set();
    for (let at = 0; ; at += PIECE) {
      const some = foreign.slice(at, at + PIECE);
      const missing = lackingIn(this.#snapshot, some.map(keyToBytes));
      for (const id of missing) this.#missing.add(bytesToKey(id));
      const learnt = { have: this.#have, missing };
      this.#have = [];
      if (at + PIECE >= foreign.length) return learnt;
      this.#work.visit(PIECE);
      yield learnt;
    }
  }

  /** Charges ids before they are read. */
  *#visit(ids: number): Slices<void> {
    this.#work.visit(ids);
    if (this.#work.over()) yield;
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
