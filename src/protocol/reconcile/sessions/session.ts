import { type Bound, compareBounds, ZERO_BOUND } from '../../../store/index.ts';
import { within } from '../../deadline.ts';
import { ProtocolError, SessionStop } from '../../errors.ts';
import type { SessionChannel } from '../../network/index.ts';
import type { Dialect, Outline, Role, Session } from '../dialect.ts';
import type { ReconcileOptions } from '../options.ts';
import { efficiency, emptyReport, type SessionReport } from '../report.ts';
import { Carrier, type CarrierEvents, timeout } from './carrier.ts';
import type { Slots } from './slots.ts';
import type { ReconcileInit, Scope } from './types.ts';

/** What all sessions of a service share. */
export interface SessionEnvironment
  extends Pick<ReconcileInit, 'clock' | 'events' | 'snapshot' | 'refuses'> {
  readonly options: ReconcileOptions;
  /** Slots for sessions that peers begin. */
  readonly serving: Slots;
}

export interface SessionRunInit {
  environment: SessionEnvironment;
  channel: SessionChannel;
  dialect: Dialect;
  role: Role;
  scope: Scope;
}

/** Carries one session over one channel, from the first frame to its end. */
export class SessionRun implements CarrierEvents {
  readonly #init: SessionRunInit;
  readonly #environment: SessionEnvironment;
  readonly #peer: string;
  readonly #carrier: Carrier;
  readonly #report: { -readonly [Field in keyof SessionReport]: SessionReport[Field] };
  readonly #begin: number;
  /** Ends all waiting; the reason is a `ProtocolError`. */
  readonly #over = new AbortController();
  #mode: 'survey' | 'reconcile';
  #session: Session | null = null;
  #items = 0;
  #differs = false;
  #outOfTime = false;

  constructor(init: SessionRunInit) {
    const { environment, channel, dialect, role, scope } = init;
    const { clock, options } = environment;
    this.#init = init;
    this.#environment = environment;
    this.#peer = channel.peer;
    const { frameTimeoutMs } = options;
    this.#carrier = new Carrier({ channel, clock, frameTimeoutMs, events: this });
    // Dialects without outlines can put nothing off.
    const surveys = dialect.outline !== undefined && scope.settles === false;
    this.#mode = surveys ? 'survey' : 'reconcile';
    const startedAt = clock.now();
    this.#report = emptyReport({ peer: this.#peer, role, dialect: dialect.name, startedAt });
    this.#begin = clock.monotonic();
  }

  /** Never rejects; afterwards the channel is closed, kept or aborted, the snapshot released. */
  async run(): Promise<SessionReport> {
    const { clock, options } = this.#environment;
    const expire = (): void => this.#expire(timeout('the session', options.sessionTimeoutMs));
    try {
      await within({ clock, ms: options.sessionTimeoutMs, expire }, () => this.#hold());
    } catch (error) {
      this.#fail(error);
    }
    const { channel, scope } = this.#init;
    const report = this.#report;
    report.durationMs = clock.monotonic() - this.#begin;
    report.bytesSent = channel.sentBytes;
    report.bytesReceived = channel.receivedBytes;
    report.asked = scope.interval ?? null;
    report.settles = this.#mode === 'reconcile';
    report.efficiency = this.#efficiency();
    report.continueFrom = report.finding?.continueFrom ?? report.continueFrom;
    return report;
  }

  /** Ends the session because others wait. Its results count, and the next session continues there. */
  giveWay(): void {
    const { giveWayMs } = this.#environment.options;
    this.#expire(
      new ProtocolError(
        'TIMEOUT',
        `the session gave way to others after ${giveWayMs} ms: the next session continues there`,
      ),
    );
  }

  abort(error: ProtocolError): void {
    this.#over.abort(error);
    this.#init.channel.abort(error);
  }

  /** For the carrier alone, as `digested`. */
  missing(ids: readonly Uint8Array[]): void {
    this.#report.missing += ids.length;
    this.#environment.events.missing(this.#peer, ids);
  }

  digested(): void {
    const session = this.#session!;
    this.#report.rounds++;
    this.#noteOutlines(session);
    if (this.#report.rounds === 1 || session.differs === true) this.#noteDifference(session);
  }

  #expire(error: ProtocolError): void {
    this.#outOfTime = true;
    this.abort(error);
  }

  /** A responder takes a slot and a snapshot only once the first frame has arrived. */
  async #hold(): Promise<void> {
    if (this.#init.role === 'initiator') return this.#reconcile(undefined);
    const first = await this.#carrier.first();
    this.#chooseMode(first);
    const { serving } = this.#environment;
    const release = await serving.acquire(this.#over.signal, () => this.giveWay());
    try {
      await this.#reconcile(first);
    } finally {
      release();
    }
  }

  /** The session refuses malformed frames; here they choose nothing. */
  #chooseMode(first: Uint8Array): void {
    let outline: Outline | null;
    try {
      outline = this.#init.dialect.outline?.(first) ?? null;
    } catch {
      return;
    }
    if (outline === null) return;
    const settles = this.#environment.events.judge?.(this.#peer, outline) ?? true;
    this.#mode = settles ? 'reconcile' : 'survey';
  }

  async #reconcile(first: Uint8Array | undefined): Promise<void> {
    const { dialect, role, scope } = this.#init;
    const { options, refuses } = this.#environment;
    const { snapshot, version } = this.#environment.snapshot();
    this.#report.version = version;
    this.#items = snapshot.size;
    try {
      const session = dialect.session({
        role,
        snapshot,
        limits: options.limits,
        refuses: (id) => refuses?.(this.#peer, id) ?? false,
        ...scope,
        settles: this.#mode === 'reconcile',
      });
      this.#session = session;
      await this.#carrier.carry(session, first);
      this.#report.equal = session.equal;
      this.#report.finding = session.finding ?? null;
      this.#report.survey = session.survey ?? [];
      this.#checkFinding();
    } finally {
      snapshot.release();
    }
  }

  #noteOutlines({ outlines = null }: Session): void {
    if (this.#report.outlines !== null || outlines === null) return;
    this.#report.outlines = outlines;
    this.#environment.events.outlined?.(this.#peer, outlines);
  }

  /** A dialect without `differs` shows equality in the first exchange, or the sets differ. */
  #noteDifference(session: Session): void {
    if (this.#differs || !(session.differs ?? !session.equal)) return;
    this.#differs = true;
    this.#environment.events.differs(this.#peer);
  }

  /** A complete session without proof is an error, on either side. */
  #checkFinding(): void {
    const { finding } = this.#report;
    if (finding?.spent != null) this.#report.error = spent(finding.spent);
    if (finding === null || finding.proved || finding.continueFrom !== null) return;
    this.#environment.events.differs(this.#peer);
    throw new ProtocolError(
      'UNPROVED',
      'the differences found do not explain the set of the peer: one side is wrong, or a hash collided; the next session has another key',
    );
  }

  #fail(error: unknown): void {
    const { code, message } = describe(error);
    this.#report.error = { code, message };
    if (error instanceof SessionStop && code === 'BUDGET_SPENT') {
      this.#report.continueFrom = error.from;
    }
    if (this.#outOfTime) this.#report.continueFrom = this.#advancedTo();
    const reason = error instanceof ProtocolError ? error : new ProtocolError('ABORTED', message);
    this.#init.channel.abort(reason);
  }

  /** The bound that the session has reached; null when it has not advanced. */
  #advancedTo(): Bound | null {
    const from = this.#session?.unsettledFrom ?? null;
    const { lower } = this.#init.scope.interval ?? { lower: ZERO_BOUND };
    return from !== null && compareBounds(from, lower) > 0 ? from : null;
  }

  #efficiency(): number | null {
    const { finding, bytesSent, bytesReceived } = this.#report;
    if (finding === null || finding.continueFrom !== null) return null;
    return efficiency({
      bytes: bytesSent + bytesReceived,
      items: this.#items + finding.theirs,
      differences: finding.mine + finding.theirs,
    });
  }
}

function spent(budget: string): NonNullable<SessionReport['error']> {
  const message = `the session spent ${budget} and put off a part of the sets: the next session continues there`;
  return { code: 'BUDGET_SPENT', message };
}

/** An error as a report shows it; without a code of its own it is `INTERNAL`. */
export function describe(error: unknown): { code: string; message: string } {
  const message = error instanceof Error ? error.message : String(error);
  const code = error instanceof Error && 'code' in error ? String(error.code) : 'INTERNAL';
  return { code, message };
}
