import {
  type Bound,
  type Coding,
  compareBounds,
  INFINITE_BOUND,
  type Random,
  type Snapshot,
  ZERO_BOUND,
} from '../../../../../store/index.ts';
import { outOfTurn, ProtocolError, spent, unexpected } from '../../../../errors.ts';
import type {
  Finding,
  Interval,
  Outline,
  Role,
  Session,
  SessionInit,
  Step,
  Surveyed,
} from '../../../dialect.ts';
import { Meter, takeFrame } from '../../shared/index.ts';
import { NONCE_BYTES } from '../constants.ts';
import { DifferenceLedger } from '../difference-ledger.ts';
import { rootHint, type sessionKey } from '../key.ts';
import type { NativeLimits } from '../options.ts';
import {
  decodeFrame,
  encodeOpening,
  intersection,
  malformed,
  type Opening,
  RecordOutbox,
} from '../wire/index.ts';
import type { NativeWork } from '../work.ts';
import { Exchange, sameInterval } from './exchange.ts';
import { stopFor, stoppedBy } from './stops.ts';

export interface NativeSessionInit extends Required<SessionInit> {
  limits: NativeLimits;
  random: Random;
  coding: Coding;
  key: typeof sessionKey;
}

/** One session of the native dialect (docs/protocol-native.md): openings, exchange and end. */
export class NativeSession implements Session {
  readonly role: Role;
  readonly #init: NativeSessionInit;
  readonly #outbox: RecordOutbox;
  readonly #meter: Meter;
  readonly #ledger: DifferenceLedger;
  readonly #opening: Opening;
  readonly #openingBytes: Uint8Array;
  #theirs: Opening | null = null;
  #exchange: Exchange | null = null;
  #state: 'fresh' | 'running' | 'ended' = 'fresh';
  /** The frame that is being digested. */
  #inbound: NativeWork | null = null;
  #rounds = 0;
  #bytes = 0;

  constructor(init: NativeSessionInit) {
    const { role, snapshot, limits, interval, refuses, tell } = init;
    this.role = role;
    this.#init = init;
    this.#outbox = new RecordOutbox(limits.maxMessageBytes);
    this.#meter = new Meter(limits.sliceItems);
    this.#ledger = new DifferenceLedger({ snapshot, meter: this.#meter, refuses, tell });
    this.#opening = this.#makeOpening(interval);
    this.#openingBytes = encodeOpening(this.#opening).slice();
  }

  get finding(): Finding | null {
    return this.#exchange?.finding ?? null;
  }

  get unsettledFrom(): Bound | null {
    return this.#exchange?.unsettledFrom ?? null;
  }

  get outlines(): { ours: Outline; theirs: Outline } | null {
    return this.#theirs === null ? null : { ours: this.#opening, theirs: this.#theirs };
  }

  get survey(): readonly Surveyed[] {
    return this.#exchange?.course.survey ?? [];
  }

  /** Proved equal, over everything that we accept. */
  get equal(): boolean {
    const { finding } = this;
    if (finding === null || !finding.proved || finding.mine + finding.theirs > 0) return false;
    return sameInterval(finding.interval, this.#init.interval);
  }

  get differs(): boolean {
    return this.#exchange?.differs ?? false;
  }

  start(): Step {
    if (this.#state !== 'fresh') throw outOfTurn('a session is started once');
    this.#state = 'running';
    if (this.role === 'initiator') this.#sendOpening();
    return this.#step(true);
  }

  receive(frame: Uint8Array): Step {
    if (this.#state !== 'running') {
      const state = this.#state === 'fresh' ? 'was not started' : 'has ended';
      throw outOfTurn(`a frame came, and the session ${state}`);
    }
    if (this.#inbound !== null) throw unexpected('call proceed before the next frame');
    const own = takeFrame(frame, this.#init.limits.maxInboundBytes);
    return this.#guarded(() => {
      this.#meter.refill();
      this.#spend(own);
      this.#exchange?.checkBudget();
      this.#inbound = this.#digest(own);
      this.#digestOn();
      return this.#step(false);
    });
  }

  proceed(room: boolean): Step {
    if (this.#state !== 'running') throw outOfTurn('the session does not run');
    return this.#guarded(() => {
      this.#meter.refill();
      this.#digestOn();
      if (this.#inbound === null) this.#exchange?.work();
      return this.#step(room);
    });
  }

  /** Digests the frame as far as this turn allows. */
  #digestOn(): void {
    if (this.#inbound?.next().done === true) this.#inbound = null;
  }

  *#digest(frame: Uint8Array): NativeWork {
    for (const record of decodeFrame(frame)) {
      if (this.#meter.over) yield 'slice';
      if (record.tag === 'stop') throw stoppedBy(record.code, record.from, record.reason);
      if (record.tag === 'open') {
        this.#open(record.opening, record.bytes);
        continue;
      }
      if (this.#exchange === null) throw malformed('it does not begin with an opening');
      const work = this.#exchange.receive(record);
      if (work !== null) yield* work;
    }
  }

  #makeOpening(interval: Interval): Opening {
    const { snapshot, random, limits } = this.#init;
    const begin = snapshot.lowerBound(interval.lower);
    const end = upperRank(snapshot, interval.upper);
    const count = end - begin;
    const root = rootHint(snapshot.fingerprint(begin, end), count);
    const nonce = random.bytes(NONCE_BYTES);
    return { nonce, interval, count, root, limits, mode: this.#init.mode };
  }

  #sendOpening(): void {
    this.#outbox.push({ tag: 'open', opening: this.#opening, bytes: this.#openingBytes });
  }

  #open(theirs: Opening, bytes: Uint8Array): void {
    if (this.#exchange !== null) throw malformed('it opens for the second time');
    this.#theirs = theirs;
    if (this.role === 'responder') this.#sendOpening();
    this.#outbox.limit(theirs.limits.maxInboundBytes);
    const { snapshot, coding, limits } = this.#init;
    const records = [this.#openingBytes, bytes] as const;
    const [first, second] = this.role === 'initiator' ? records : [records[1], records[0]];
    this.#exchange = new Exchange({
      role: this.role,
      context: {
        snapshot,
        coding,
        key: this.#init.key(first, second),
        limits,
        peer: theirs.limits,
        meter: this.#meter,
        outbox: this.#outbox,
        ledger: this.#ledger,
      },
      interval: intersection(this.#opening.interval, theirs.interval),
      ours: this.#opening,
      theirs,
    });
  }

  #spend(frame: Uint8Array): void {
    const { maxInboundBytes, maxRounds, maxBytes } = this.#init.limits;
    if (frame.length > maxInboundBytes) {
      const message = `a frame of ${frame.length} bytes is longer than the limit of ${maxInboundBytes} (maxInboundBytes)`;
      throw new ProtocolError('FRAME_TOO_LARGE', message);
    }
    this.#rounds++;
    this.#bytes += frame.length;
    if (this.#rounds > maxRounds) throw spent(`${maxRounds} frames (maxRounds)`);
    if (this.#bytes > maxBytes) throw spent(`${maxBytes} bytes (maxBytes)`);
  }

  #step(room: boolean): Step {
    const found = this.#ledger.takeFound();
    const working = this.#inbound !== null || (this.#exchange?.working ?? false);
    const frame = room ? this.#outbox.take(!working) : undefined;
    const frames = frame === undefined ? [] : [frame];
    const done = this.#exchange?.done === true && this.#outbox.empty;
    if (done) this.#state = 'ended';
    if (working) return { frames, ...found, done, pending: 'work' };
    if (!this.#outbox.empty) return { frames, ...found, done, pending: 'output' };
    return { frames, ...found, done };
  }

  /** Any error ends the session, and the peer is told. */
  #guarded(operation: () => Step): Step {
    try {
      return operation();
    } catch (error) {
      this.#state = 'ended';
      throw stopFor(error, this.unsettledFrom);
    }
  }
}

/** The rank of an upper bound; infinity includes everything. */
export function upperRank(snapshot: Snapshot, upper: Bound): number {
  return compareBounds(upper, INFINITE_BOUND) === 0 ? snapshot.size : snapshot.lowerBound(upper);
}

export const EVERYTHING: Interval = { lower: ZERO_BOUND, upper: INFINITE_BOUND };
