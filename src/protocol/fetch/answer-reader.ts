import {
  bytesToHex,
  equalBytes,
  invariant,
  type VerifiedItem,
  verifyItem,
} from '../../store/index.ts';
import { messageOf, ProtocolError, unexpected } from '../errors.ts';
import { decodeAnswer, type FetchAnswer, type ItemQuery } from './codec.ts';

type ItemAnswer = Extract<FetchAnswer, { kind: 'item' }>;

/** The answer that a frame completes, or a part of one. */
export type AnswerProgress =
  | { readonly kind: 'item'; readonly item: VerifiedItem }
  | { readonly kind: 'absent'; readonly id: Uint8Array }
  | { readonly kind: 'large'; readonly id: Uint8Array; readonly length: number }
  | { readonly kind: 'part' };

/** The requester's side of a request: takes frames, gives verified items. No clock, no I/O. */
export class AnswerReader {
  /** Payload bytes that came, with those of unfinished and wrong items. */
  payloadBytes = 0;
  readonly #ids: readonly Uint8Array[];
  readonly #maxItemBytes: number;
  readonly #maxBytes: number;
  #answered = 0;
  #begun: ItemAnswer | undefined;
  #payload = new ArrayBuffer(0);
  #filled = 0;

  /** `asked.ids` each once: answers come in this order. */
  constructor(asked: ItemQuery, limits: { maxItemBytes: number }) {
    this.#ids = asked.ids;
    this.#maxBytes = asked.maxBytes;
    this.#maxItemBytes = limits.maxItemBytes;
  }

  get done(): boolean {
    return this.#answered === this.#ids.length;
  }

  /** The first id without an answer, or null when there is none. */
  get next(): Uint8Array | null {
    return this.#ids[this.#answered] ?? null;
  }

  /**
   * Throws `ProtocolError`: `MALFORMED_FRAME`, `UNEXPECTED_FRAME` (not asked for, or out of order),
   * `ITEM_TOO_LARGE`, or `INVALID_BYTES` when an item does not hash to its id.
   */
  read(frame: Uint8Array): AnswerProgress {
    const answer = decodeAnswer(frame, { maxItemBytes: this.#maxItemBytes });
    if (answer.kind === 'chunk') return this.#append(answer.bytes);
    if (this.#begun !== undefined) throw unexpected('an item ends before its payload does');
    this.#expect(answer.id);
    if (answer.kind === 'item') return this.#begin(answer);
    if (answer.kind === 'large' && answer.length <= this.#maxBytes) {
      throw unexpected(`an item of ${answer.length} bytes is called too long`);
    }
    this.#answered++;
    return answer;
  }

  #expect(id: Uint8Array): void {
    const next = this.next;
    if (next !== null && equalBytes(next, id)) return;
    throw unexpected(`an answer for ${bytesToHex(id)}, which was not asked for next`);
  }

  #begin(answer: ItemAnswer): AnswerProgress {
    if (answer.length > this.#maxBytes) {
      throw unexpected(`an item of ${answer.length} bytes, where ${this.#maxBytes} were asked for`);
    }
    if (answer.first.length === answer.length) {
      this.payloadBytes += answer.length;
      return this.#finish(answer, answer.first);
    }
    this.#begun = answer;
    // The length is only the word of the peer: it reserves addresses, and no memory.
    this.#payload = new ArrayBuffer(0, { maxByteLength: answer.length });
    this.#filled = 0;
    return this.#append(answer.first);
  }

  #append(bytes: Uint8Array): AnswerProgress {
    const begun = this.#begun;
    this.payloadBytes += bytes.length;
    if (begun === undefined) throw unexpected('a chunk that belongs to no item');
    const filled = this.#filled + bytes.length;
    if (filled > begun.length) throw unexpected('an item goes on behind its end');
    this.#payload.resize(filled);
    new Uint8Array(this.#payload, this.#filled).set(bytes);
    this.#filled = filled;
    if (filled < begun.length) return { kind: 'part' };
    const payload = new Uint8Array(this.#payload, 0, filled);
    this.#begun = undefined;
    this.#payload = new ArrayBuffer(0);
    return this.#finish(begun, payload);
  }

  #finish({ hint }: ItemAnswer, payload: Uint8Array): AnswerProgress {
    let item: VerifiedItem;
    try {
      // The id that was asked for is equal, and holds on to no frame.
      item = verifyItem({ id: this.next!, hint, payload });
    } catch (cause) {
      throw new ProtocolError('INVALID_BYTES', messageOf(cause), { cause });
    }
    this.#answered++;
    const { length } = this.#ids;
    invariant(this.#answered <= length, 'session', 'ANSWERED', [this.#answered, length]);
    return { kind: 'item', item };
  }
}
