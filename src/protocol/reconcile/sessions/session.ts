import {
  type Bound,
  type Clock,
  compareBounds,
  type Snapshot,
  ZERO_BOUND,
} from '../../../store/index.ts';
import { within } from '../../deadline.ts';
import { ProtocolError, SessionStop } from '../../errors.ts';
import type { Release } from '../../limiter.ts';
import type { SessionChannel } from '../../network/index.ts';
import type { Dialect, Finding, Interval, Outline, Role, Session, Surveyed } from '../dialect.ts';
import type { ReconcileOptions } from '../options.ts';
import { efficiency, type SessionReport } from '../report.ts';
import { Carrier, timeout } from './carrier.ts';

/** What is asked of a session. */
export interface Scope {
  /** @default everything */
  interval?: Interval;
  /**
   * False: only look (see `SessionInit.settles`).
   * @default true
   */
  settles?: boolean;
}

/** The set a session works on, and the `Replica.version` it was taken at. */
export interface HeldSnapshot {
  readonly snapshot: Snapshot;
  readonly version: number;
}

export interface SessionRunInit {
  channel: SessionChannel;
  dialect: Dialect;
  role: Role;
  clock: Clock;
  options: ReconcileOptions;
  snapshot: () => HeldSnapshot;
  missing: (ids: readonly Uint8Array[]) => void;
  /** The session showed that the sets differ. */
  differs: () => void;
  scope: Scope;
  /** Both sides of the set, as soon as they are known. */
  outlined: (outlines: Outlines) => void;
  /** Whether a session that the peer began is to settle anything, by what it says of its set. */
  judge: (theirs: Outline) => boolean;
  /** Keeps the channel for the next session. Absent where it carries one alone. */
  keep?: (() => void) | undefined;
  /** Ids that shall not be fetched though the peer lists them. */
  refuses: (id: Uint8Array) => boolean;
  /** Room for a session somebody else starts; awaited once its first frame is here. */
  admit: (signal: AbortSignal) => Promise<Release>;
}

export type Outlines = NonNullable<SessionReport['outlines']>;

/** Carries one session over one channel, from the first frame to its end. */
export class SessionRun {
  readonly #init: SessionRunInit;
  readonly #startedAt: number;
  readonly #begin: number;
  readonly #expired = new AbortController();
  #rounds = 0;
  #missing = 0;
  #equal = false;
  #version = 0;
  #items = 0;
  #finding: Finding | null = null;
  #differs = false;
  #session: Session | null = null;
  #stoppedAt: Bound | null = null;
  #settles: boolean;
  #outlines: Outlines | null = null;
  #survey: readonly Surveyed[] = [];
  #error: SessionReport['error'] = null;

  constructor(init: SessionRunInit) {
    this.#init = init;
    // Dialects that say nothing of their sets can put nothing off.
    this.#settles = init.dialect.outline === undefined || (init.scope.settles ?? true);
    this.#startedAt = init.clock.now();
    this.#begin = init.clock.monotonic();
  }

  /** Never rejects; afterwards the channel is closed, kept or aborted, the snapshot released. */
  async run(): Promise<SessionReport> {
    const { clock, options } = this.#init;
    const expire = (): void => this.#end(timeout('the session', options.sessionTimeoutMs));
    try {
      await within({ clock, ms: options.sessionTimeoutMs, expire }, () => this.#hold());
    } catch (error) {
      this.#fail(error);
    }
    return this.#report();
  }

  /** Ends it because others wait; what it found is good, and the next one goes on. */
  giveWay(): void {
    const { giveWayMs } = this.#init.options;
    this.#end(
      new ProtocolError(
        'TIMEOUT',
        `the session gave way to others after ${giveWayMs} ms: the next one goes on there`,
      ),
    );
  }

  #end(error: ProtocolError): void {
    this.#expired.abort(error);
    this.#init.channel.abort(error);
  }

  /** A responder takes a snapshot only when there is a first frame to answer. */
  async #hold(): Promise<void> {
    if (this.#init.role === 'initiator') return this.#reconcile(undefined);
    const first = await this.#receive();
    this.#consider(first);
    const release = await this.#init.admit(this.#expired.signal);
    try {
      await this.#reconcile(first);
    } finally {
      release();
    }
  }

  /** What it says may be a reason to settle nothing. A frame that makes no sense is the session's to refuse. */
  #consider(first: Uint8Array): void {
    let outline: Outline | null;
    try {
      outline = this.#init.dialect.outline?.(first) ?? null;
    } catch {
      return;
    }
    if (outline !== null) this.#settles = this.#init.judge(outline);
  }

  async #reconcile(first: Uint8Array | undefined): Promise<void> {
    const { dialect, role, options } = this.#init;
    const { snapshot, version } = this.#init.snapshot();
    this.#version = version;
    this.#items = snapshot.size;
    const { refuses, scope } = this.#init;
    try {
      const session = dialect.session({
        role,
        snapshot,
        limits: options.limits,
        refuses,
        ...scope,
        settles: this.#settles,
      });
      this.#session = session;
      await this.#carry(session, first);
      this.#equal = session.equal;
      this.#finding = session.finding ?? null;
      this.#survey = session.survey ?? [];
      this.#judge();
    } finally {
      snapshot.release();
    }
  }

  #carry(session: Session, first: Uint8Array | undefined): Promise<void> {
    const { channel, clock, options, missing, keep } = this.#init;
    const carrier = new Carrier({
      session,
      channel,
      clock,
      frameTimeoutMs: options.frameTimeoutMs,
      missing: (ids) => {
        this.#missing += ids.length;
        missing(ids);
      },
      digested: () => {
        this.#rounds++;
        this.#noteOutlines(session);
        if (this.#rounds === 1 || session.differs === true) this.#noteDifference(session);
      },
      keep,
    });
    return carrier.carry(first);
  }

  #noteOutlines(session: Session): void {
    if (this.#outlines !== null) return;
    this.#outlines = session.outlines ?? null;
    if (this.#outlines !== null) this.#init.outlined(this.#outlines);
  }

  /** Dialects that do not say so themselves have shown a difference when the first exchange has not shown equality. */
  #noteDifference(session: Session): void {
    if (this.#differs || !(session.differs ?? !session.equal)) return;
    this.#differs = true;
    this.#init.differs();
  }

  /** A session that came to its end and does not add up is an error, whoever's it is. */
  #judge(): void {
    const finding = this.#finding;
    if (finding?.spent != null) this.#error = spent(finding.spent);
    if (finding === null || finding.proved || finding.continueFrom !== null) return;
    this.#init.differs();
    throw new ProtocolError(
      'UNPROVED',
      "what was found does not make our set the peer's: one side is wrong, or chance was; the next session has another key",
    );
  }

  async #receive(): Promise<Uint8Array> {
    const frame = await this.#timed('the next frame', () => this.#init.channel.receive());
    if (frame === null) {
      throw new ProtocolError('STREAM_CLOSED', 'the peer closed the stream before the end');
    }
    return frame;
  }

  async #timed<T>(what: string, operation: () => Promise<T>): Promise<T> {
    const { channel, clock, options } = this.#init;
    const expire = (): void => channel.abort(timeout(what, options.frameTimeoutMs));
    return within({ clock, ms: options.frameTimeoutMs, expire }, operation);
  }

  #fail(error: unknown): void {
    const { code, message } = describe(error);
    this.#error = { code, message };
    if (error instanceof SessionStop && code === 'BUDGET_SPENT') this.#stoppedAt = error.from;
    if (this.#expired.signal.aborted) this.#stoppedAt = this.#advancedTo();
    const reason = error instanceof ProtocolError ? error : new ProtocolError('ABORTED', message);
    this.#init.channel.abort(reason);
  }

  /** Where a session that ran out of time had come to; null when it had not come anywhere. */
  #advancedTo(): Bound | null {
    const from = this.#session?.unsettledFrom ?? null;
    const { lower } = this.#init.scope.interval ?? { lower: ZERO_BOUND };
    return from !== null && compareBounds(from, lower) > 0 ? from : null;
  }

  #efficiency(): number | null {
    if (this.#finding === null || this.#finding.continueFrom !== null) return null;
    const { channel } = this.#init;
    const { mine, theirs } = this.#finding;
    return efficiency({
      bytes: channel.sentBytes + channel.receivedBytes,
      items: this.#items + theirs,
      differences: mine + theirs,
    });
  }

  #report(): SessionReport {
    const { channel, role, dialect, clock, scope } = this.#init;
    return {
      peer: channel.peer,
      role,
      dialect: dialect.name,
      startedAt: this.#startedAt,
      durationMs: clock.monotonic() - this.#begin,
      rounds: this.#rounds,
      bytesSent: channel.sentBytes,
      bytesReceived: channel.receivedBytes,
      missing: this.#missing,
      equal: this.#equal,
      version: this.#version,
      finding: this.#finding,
      asked: scope.interval ?? null,
      settles: this.#settles,
      outlines: this.#outlines,
      survey: this.#survey,
      efficiency: this.#efficiency(),
      continueFrom: this.#finding?.continueFrom ?? this.#stoppedAt,
      error: this.#error,
    };
  }
}

function spent(budget: string): NonNullable<SessionReport['error']> {
  const message = `the session put off a part of the sets, for it had spent ${budget}: the next one goes on there`;
  return { code: 'BUDGET_SPENT', message };
}

/** An error as a report shows it: its own code, or `INTERNAL` when it is not one of ours. */
export function describe(error: unknown): { code: string; message: string } {
  const message = error instanceof Error ? error.message : String(error);
  const code = error instanceof Error && 'code' in error ? String(error.code) : 'INTERNAL';
  return { code, message };
}
