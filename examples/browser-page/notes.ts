import { bytesToHex, itemId, lthash, SortedVector } from 'rangemesh/store';

/** A note as it travels between page and server. */
export interface Note {
  /** Milliseconds since the epoch. */
  readonly at: number;
  readonly text: string;
}

export const MAX_NOTES: number = 10_000;
export const MAX_NOTE_BYTES: number = 4 * 1024;

/** Notes by their ids, and the set of these ids. */
export class Notes {
  readonly set: SortedVector = new SortedVector({ scheme: lthash });
  readonly #byId = new Map<string, Note>();

  /** Throws for a value that is no note, and when there is no room. */
  add(value: unknown): void {
    const { at, text } = Object(value) as Partial<Note>;
    if (typeof text !== 'string' || !Number.isSafeInteger(at) || Number(at) < 0) {
      throw new Error('a note is {"at": milliseconds, "text": "..."}');
    }
    const [hint, payload] = [BigInt(Number(at)), new TextEncoder().encode(text)];
    if (payload.length > MAX_NOTE_BYTES)
      throw new Error(`a note has ${MAX_NOTE_BYTES} bytes at most`);
    const id = itemId(hint, payload);
    if (this.#byId.has(bytesToHex(id))) return;
    if (this.#byId.size === MAX_NOTES) throw new Error(`there is room for ${MAX_NOTES} notes`);
    this.#byId.set(bytesToHex(id), { at: Number(at), text });
    this.set.insert([{ hint, id }]);
  }

  /** The notes with these ids; ids that are not held are left out. */
  get(ids: readonly string[]): Note[] {
    return ids.map((id) => this.#byId.get(id)).filter((note) => note !== undefined);
  }

  /** In the order of their times. */
  all(): Note[] {
    return [...this.#byId.values()].sort((a, b) => a.at - b.at);
  }
}
