import {
  type Bound,
  type Coding,
  compareBounds,
  equalBytes,
  INFINITE_BOUND,
  type Random,
  type Snapshot,
} from '../../../../../store/index.ts';
import { outOfTurn, ProtocolError, spent, unexpected } from '../../../../errors.ts';
import type {
  Finding,
  Interval,
  ItemRoom,
  Outline,
  Outlines,
  RecentKeys,
  Role,
  Session,
  SessionInit,
  Step,
  Surveyed,
} from '../../../dialect.ts';
import { isEqualButRefused } from '../../../equality.ts';
import { EVERYTHING, intersection, isEmpty, sameInterval } from '../../../interval.ts';
import { rootHint } from '../../../root.ts';
import { FINGERPRINT_COST, Meter, takeFrame } from '../../shared/index.ts';
import { type NativeVersion, NONCE_BYTES } from '../constants.ts';
import { DifferenceLedger } from '../difference-ledger.ts';
import { InboundItems, OutboundItems } from '../items.ts';
import type { sessionKey } from '../key.ts';
import type { NativeLimits } from '../options.ts';
import {
  decodeFrame,
  encodeOpening,
  malformed,
  type Opening,
  RecordOutbox,
} from '../wire/index.ts';
import type { NativeWork } from '../work.ts';
import { Exchange } from './exchange.ts';
import { stopFor, stoppedBy } from './stops.ts';

export interface NativeSessionInit extends Required<SessionInit> {
  limits: NativeLimits;
  version: NativeVersion;
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
  #outlines: Outlines | null = null;
  /** Of the initiator: the opening that was sent, and its bytes. */
  #opened: { readonly opening: Opening; readonly bytes: Uint8Array } | null = null;
  #exchange: Exchange | null = null;
  #state: 'fresh' | 'running' | 'ended' = 'fresh';
  /** The frame that is being digested. */
  #inbound: NativeWork | null = null;
  #rounds = 0;
  #bytes = 0;

  constructor(init: NativeSessionInit) {
    const { role, snapshot, limits, version, refuses, holds, tell } = init;
    this.role = role;
    this.#init = init;
    this.#outbox = new RecordOutbox(limits.maxMessageBytes, version);
    this.#meter = new Meter(limits.sliceItems);
    this.#ledger = new DifferenceLedger({ snapshot, meter: this.#meter, refuses, holds, tell });
  }

  get finding(): Finding | null {
    return this.#exchange?.finding ?? null;
  }

  get unsettledFrom(): Bound | null {
    return this.#exchange?.unsettledFrom ?? null;
  }

  get outlines(): Outlines | null {
    return this.#outlines;
  }

  get survey(): readonly Surveyed[] {
    return this.#exchange?.course.survey ?? [];
  }

  get equal(): boolean {
    const { finding } = this;
    if (finding === null || !finding.proved || !finding.whole) return false;
    return isEqualButRefused(finding, this.#outlines);
  }

  get differs(): boolean {
    return this.#exchange?.differs ?? false;
  }

  start(): Step {
    if (this.#state !== 'fresh') throw outOfTurn('a session is started once');
    this.#state = 'running';
    if (this.role === 'initiator') this.#opened = this.#sendOpening(this.#init.interval);
    return this.#step(true);
  }

  receive(frame: Uint8Array, share?: number): Step {
    if (this.#state !== 'running') {
      const state = this.#state === 'fresh' ? 'was not started' : 'has ended';
      throw outOfTurn(`a frame came, and the session ${state}`);
    }
    if (this.#inbound !== null) throw unexpected('call proceed before the next frame');
    const own = takeFrame(frame, this.#init.limits.maxInboundBytes);
    return this.#guarded(() => {
      this.#meter.refill(share);
      this.#spend(own);
      this.#exchange?.checkBudget();
      this.#inbound = this.#digest(own);
      this.#digestOn();
      return this.#step(false);
    });
  }

  proceed(room: boolean, share?: number): Step {
    if (this.#state !== 'running') throw outOfTurn('the session does not run');
    return this.#guarded(() => {
      this.#meter.refill(share);
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
    for (const record of decodeFrame(frame, this.#init.version)) {
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

  #outline(interval: Interval): Outline {
    const { snapshot, mode, whole, gives, takes } = this.#init;
    const begin = snapshot.lowerBound(interval.lower);
    const end = upperRank(snapshot, interval.upper);
    const count = end - begin;
    const root = rootHint(snapshot.fingerprint(begin, end), count);
    return { interval, whole, count, root, mode, gives, takes };
  }

  #sendOpening(interval: Interval): { opening: Opening; bytes: Uint8Array } {
    const { random, limits, version } = this.#init;
    const nonce = random.bytes(NONCE_BYTES);
    const opening = { ...this.#outline(interval), nonce, limits, items: this.#takes() };
    const bytes = encodeOpening(opening, version).slice();
    this.#outbox.push({ tag: 'open', opening, bytes });
    return { opening, bytes };
  }

  /** The items that this side takes in place of ids. */
  #takes(): ItemRoom | null {
    const { version, mode, takes, takesItems } = this.#init;
    return version > 3 && mode !== 'survey' && takes ? takesItems : null;
  }

  #open(theirs: Opening, bytes: Uint8Array): void {
    if (this.#exchange !== null) throw malformed('it opens for the second time');
    const own = this.#init.interval;
    const interval = intersection(own, theirs.interval);
    // No opening names nothing. Version 1 cannot say that no more than this is accepted.
    const clips = !isEmpty(interval) && (this.role === 'initiator' || this.#init.version > 1);
    const named = clips ? interval : own;
    // Count and root of the part that is reconciled; the initiator gets them from its peer too.
    const sent = this.#opened ?? this.#sendOpening(named);
    const ours = sameInterval(sent.opening.interval, named)
      ? sent.opening
      : { ...sent.opening, ...this.#outline(named) };
    this.#outlines = { ours, theirs };
    this.#outbox.limit(theirs.limits.maxInboundBytes);
    const { snapshot, coding, limits, link, shortItem } = this.#init;
    const records = [sent.bytes, bytes] as const;
    const [first, second] = this.role === 'initiator' ? records : [records[1], records[0]];
    const asked = this.role === 'initiator' ? sent.opening : theirs;
    this.#exchange = new Exchange({
      role: this.role,
      context: {
        snapshot,
        coding,
        key: this.#init.key(first, second),
        limits,
        link,
        peer: theirs.limits,
        meter: this.#meter,
        outbox: this.#outbox,
        ledger: this.#ledger,
        version: this.#init.version,
        outbound: new OutboundItems(theirs.items ?? null, { shortItem, meter: this.#meter }),
        inbound: new InboundItems(sent.opening.items ?? null, this.#meter),
      },
      interval,
      ours,
      theirs,
      told: sameInterval(asked.interval, interval),
      recent: isEmpty(interval) ? null : this.#recent(ours, theirs),
    });
  }

  /** What came since our set was that of the peer. Each session tells the history how the set is now. */
  #recent(ours: Outline, theirs: Outline): RecentKeys | null {
    const { snapshot, history, version, gives, mode } = this.#init;
    if (version < 4 || !gives) return null;
    const { size: count } = snapshot;
    const state = (): Uint8Array => snapshot.fingerprint(0, count);
    const named = sameInterval(ours.interval, EVERYTHING);
    if (!named) this.#meter.spend(FINGERPRINT_COST);
    const root = named ? ours.root : rootHint(state(), count);
    const recent = history.since(theirs.root, { count, root, state });
    const settles = mode !== 'survey' && theirs.mode !== 'survey' && theirs.gives !== false;
    const same = equalBytes(root, theirs.root) && sameInterval(ours.interval, theirs.interval);
    return settles && !same ? recent : null;
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
