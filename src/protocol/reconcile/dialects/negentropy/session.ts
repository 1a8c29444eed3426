import {
  equalBytes,
  ID_BYTES,
  INFINITE_BOUND,
  INFINITE_HINT,
  ZERO_BOUND,
} from '../../../../store/index.ts';
import { ProtocolError } from '../../../errors.ts';
import type { Step } from '../../dialect.ts';
import type { MessageRange } from '../shared/index.ts';
import { type Slices, TurnSession, type TurnSessionInit } from '../shared/index.ts';
import { BUCKETS, FIRST_VERSION_BYTE, MAX_FINGERPRINT_COST, VERSION_BYTE } from './constants.ts';
import { Learner } from './learner.ts';
import {
  type AnswerPlace,
  fingerprintOf,
  MessageBuilder,
  type Overflow,
  pieces,
} from './message-builder.ts';
import { MessageReader } from './reader.ts';

export interface NegentropySessionInit extends TurnSessionInit {
  overflow: Overflow;
}

/**
 * One session of Negentropy Protocol V1 (docs/negentropy.md). Every message answers the previous
 * message, range by range, from left to right. Skipped and listed ranges stay settled, so the settled
 * part that starts at zero only grows. At the end the initiator is silent, and knows all differences;
 * the responder learns none.
 */
export class NegentropySession extends TurnSession {
  readonly #overflow: Overflow;
  readonly #learner: Learner;
  /** All ranges so far were compared and equal. */
  #agreed = true;

  constructor(init: NegentropySessionInit) {
    super(init);
    this.#overflow = init.overflow;
    this.#learner = new Learner(init.snapshot, {
      visit: (ids) => this.visit(ids),
      over: () => this.over,
    });
  }

  protected override open(): Step {
    const opening = this.#newAnswer();
    opening.split({ upper: INFINITE_BOUND, begin: 0, end: this.snapshot.size });
    return { frames: [opening.encode()], have: [], missing: [], done: false };
  }

  protected override get learnt(): number {
    return this.#learner.missing;
  }

  protected override *answer(frame: Uint8Array): Slices {
    const reader = new MessageReader(frame, { maxBytes: this.limits.maxInboundBytes });
    if (reader.version !== VERSION_BYTE) return this.#otherVersion(reader.version);
    const answer = this.#newAnswer();
    let upper = ZERO_BOUND;
    let begin = 0;
    while (!reader.done && !answer.full) {
      if (this.over) yield;
      const range = reader.range();
      upper = range.upper;
      const end = this.snapshot.lowerBound(upper);
      yield* this.#answerRange(range, { upper, begin, end }, answer);
      begin = end;
    }
    if (upper.hint !== INFINITE_HINT) this.#agreed = false;
    return yield* this.#step(answer);
  }

  *#answerRange(range: MessageRange, place: AnswerPlace, answer: MessageBuilder): Slices<void> {
    if (range.mode === 'skip') this.#agreed = false;
    if (this.exhausted()) {
      answer.putOff(place.begin);
    } else if (range.mode === 'skip') {
      answer.skip(range.upper);
    } else if (range.mode === 'fingerprint') {
      this.#compare(range.fingerprint, place, answer);
    } else if (this.role === 'initiator') {
      yield* this.#learn(range.ids, place, answer);
    } else {
      this.#agreed &&= yield* this.#holdsExactly(range.ids, place);
      this.visit(Math.min(place.end - place.begin, answer.roomForIds));
      answer.list(place);
    }
  }

  #compare(fingerprint: Uint8Array, place: AnswerPlace, answer: MessageBuilder): void {
    const { upper, begin, end } = place;
    this.visit(Math.min(end - begin, MAX_FINGERPRINT_COST));
    if (equalBytes(fingerprintOf(this.snapshot, begin, end), fingerprint)) {
      answer.skip(upper);
      return;
    }
    this.#agreed = false;
    this.visit(Math.min(end - begin, BUCKETS * MAX_FINGERPRINT_COST));
    answer.split(place);
  }

  /** A list is compared as far as the work for one frame allows. */
  *#learn(
    ids: Uint8Array,
    { upper, begin, end }: AnswerPlace,
    answer: MessageBuilder,
  ): Slices<void> {
    const stop = Math.min(end, begin + Math.max(1, this.left));
    yield* this.#learner.compare(ids, begin, stop);
    answer.skip(stop < end ? this.snapshot.select(stop) : upper);
    if (stop < end) answer.putOff(stop);
  }

  *#holdsExactly(ids: Uint8Array, { begin, end }: AnswerPlace): Slices<boolean> {
    if (ids.length !== (end - begin) * ID_BYTES) return false;
    let at = 0;
    for (const piece of pieces(this.snapshot, begin, end)) {
      if (!equalBytes(ids.subarray(at, at + piece.length), piece)) return false;
      at += piece.length;
      this.visit(piece.length / ID_BYTES);
      if (this.over) yield;
    }
    return true;
  }

  *#step(answer: MessageBuilder): Slices {
    if (this.role === 'initiator') {
      const learnt = yield* this.#learner.take();
      if (!answer.silent) return { frames: [answer.encode()], ...learnt, done: false };
      this.equal = this.#learner.same;
      return { frames: [], ...learnt, done: true };
    }
    if (this.first) this.equal = this.#agreed;
    const frames = [answer.encode()];
    return { frames, missing: [], done: !answer.asks, mayEnd: true };
  }

  /** A responder names its version, and the peer may begin again with that. */
  #otherVersion(version: number): Step {
    if (this.role === 'responder') {
      return { frames: [Uint8Array.of(VERSION_BYTE)], missing: [], done: false, mayEnd: true };
    }
    throw new ProtocolError(
      'UNSUPPORTED_PROTOCOL',
      `the peer speaks version ${version - FIRST_VERSION_BYTE} of Negentropy, this is version 1: ask it for that`,
    );
  }

  #newAnswer(): MessageBuilder {
    const { maxMessageBytes: maxBytes } = this.limits;
    return new MessageBuilder({ snapshot: this.snapshot, maxBytes, overflow: this.#overflow });
  }
}
