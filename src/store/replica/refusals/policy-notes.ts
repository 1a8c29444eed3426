import { bytesToKey, keyToBytes } from '../../bytes.ts';
import { blake3 } from '../../kernel/index.ts';
import { MARK_BYTES, MAX_MARKS } from '../records/index.ts';

const encoder = new TextEncoder();

interface Note {
  readonly hint: bigint | null;
  /** By `bytesToKey`, one behind the other: an array would take twice the memory. */
  readonly marks: string;
}

/** What a policy refused, by id and source. */
export class PolicyNotes {
  /** By `bytesToKey` of the ids, the oldest first. */
  readonly #notes = new Map<string, Note>();

  get size(): number {
    return this.#notes.size;
  }

  has(id: Uint8Array): boolean {
    return this.#notes.size > 0 && this.#notes.has(bytesToKey(id));
  }

  hasFrom(source: string, id: Uint8Array): boolean {
    const marks = this.#notes.size > 0 && this.#notes.get(bytesToKey(id))?.marks;
    return marks ? includes(marks, markOf(source)) : false;
  }

  marks(id: Uint8Array): Uint8Array[] {
    const marks = this.#notes.get(bytesToKey(id))?.marks ?? '';
    return Array.from({ length: marks.length / MARK_BYTES }, (_, i) =>
      keyToBytes(marks.slice(i * MARK_BYTES, (i + 1) * MARK_BYTES)),
    );
  }

  /** The id becomes the newest. With too many sources the first is forgotten. */
  add({ id, hint, source }: { id: Uint8Array; hint: bigint; source: string }): void {
    const key = bytesToKey(id);
    const before = this.#notes.get(key)?.marks ?? '';
    const mark = markOf(source);
    const marks = includes(before, mark) ? before : before + mark;
    this.#set(key, { hint, marks: marks.slice(-MAX_MARKS * MARK_BYTES) });
  }

  load(id: Uint8Array, hint: bigint | null, marks: readonly Uint8Array[]): void {
    this.#set(bytesToKey(id), { hint, marks: marks.map(bytesToKey).join('') });
  }

  delete(id: Uint8Array): void {
    if (this.#notes.size > 0) this.#notes.delete(bytesToKey(id));
  }

  /** The oldest ids beyond `limit`. */
  beyond(limit: number): Uint8Array[] {
    const oldest: Uint8Array[] = [];
    for (const key of this.#notes.keys()) {
      if (oldest.length + limit >= this.#notes.size) break;
      oldest.push(keyToBytes(key));
    }
    return oldest;
  }

  /** Ids with lower hints. */
  below(floor: bigint): Uint8Array[] {
    const old: Uint8Array[] = [];
    for (const [key, { hint }] of this.#notes) {
      if (hint !== null && hint < floor) old.push(keyToBytes(key));
    }
    return old;
  }

  clear(): void {
    this.#notes.clear();
  }

  #set(key: string, note: Note): void {
    this.#notes.delete(key);
    this.#notes.set(key, note);
  }
}

/** Peers choose their ids, so a mark is too long for two that are alike to be found. */
function markOf(source: string): string {
  return bytesToKey(blake3.hash(encoder.encode(source)).subarray(0, MARK_BYTES));
}

function includes(marks: string, mark: string): boolean {
  for (let at = 0; at < marks.length; at += MARK_BYTES) {
    if (marks.startsWith(mark, at)) return true;
  }
  return false;
}
