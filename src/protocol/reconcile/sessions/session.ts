import { type Bound, compareBounds } from '../../../store/index.ts';
import { within } from '../../deadline.ts';
import { ProtocolError, SessionStop } from '../../errors.ts';
import type { Dialect, Interval, Outline, Role, Session, Step } from '../dialect.ts';
import { ENDED, FramePump, timeout } from '../frame-pump.ts';
import { EVERYTHING, intersection, isEmpty } from '../interval.ts';
import { describe, emptyReport, noteEnd, type OpenReport, type SessionReport } from '../report.ts';
import type { LinkWatch } from './peer-links.ts';
import type { OpenChannel } from './peer-stream.ts';
import { SessionItems } from './session-items.ts';
import { SessionWork } from './session-work.ts';
import type { Scope, SessionEnvironment } from './types.ts';

export interface SessionRunInit {
  environment: SessionEnvironment;
  channel: OpenChannel;
  dialect: Dialect;
  role: Role;
  scope: Scope;
  /** On the monotonic clock: the peer took its snapshot no earlier. @default now */
  since?: number;
}

/** Bytes read from a peer meanwhile. Fewer reset the stream on fast, long links. */
const PARTING_BYTES = 4 * 1024 * 1024;

const NOTHING = new ProtocolError(
  'NOTHING_IN_COMMON',
  'this node accepts nothing of the part to compare: its items are too old, or too new',
);

/**
 * Carries one session over one channel. The event loop gets its turn between two slices of the session's
 * work.
 */
export class SessionRun {
  readonly #init: SessionRunInit;
  readonly #environment: SessionEnvironment;
  readonly #peer: string;
  readonly #work: SessionWork;
  readonly #items: SessionItems;
  readonly #link: LinkWatch;
  readonly #report: OpenReport;
  readonly #pump: FramePump;
  readonly #begin: number;
  /** Ends all waiting; the reason is a `ProtocolError`. */
  readonly #over = new AbortController();
  #session: Session | null = null;
  #differs = false;
  #outOfTime = false;

  constructor(init: SessionRunInit) {
    const { environment, channel, dialect, role, scope } = init;
    this.#init = init;
    this.#environment = environment;
    this.#peer = channel.peer;
    this.#work = new SessionWork(environment, this.#peer);
    this.#items = new SessionItems(environment, this.#peer);
    this.#link = environment.links.watch(this.#peer);
    this.#begin = environment.clock.monotonic();
    const { clock, options } = environment;
    const { frameTimeoutMs } = options;
    this.#pump = new FramePump({ channel, clock, frameTimeoutMs });
    const startedAt = clock.now();
    this.#report = {
      ...emptyReport({ peer: this.#peer, role, dialect: dialect.name, startedAt }),
      asOf: Math.floor(startedAt - (this.#begin - (init.since ?? this.#begin))),
      asked: scope.interval ?? null,
      // Dialects without outlines can put nothing off.
      mode: dialect.outline === undefined ? 'reconcile' : (scope.mode ?? 'reconcile'),
    };
  }

  /** Never rejects; afterwards the channel is closed, kept or aborted, the snapshot released. */
  async run(): Promise<SessionReport> {
    const { clock, options } = this.#environment;
    const { sessionTimeoutMs: ms } = options;
    const expire = (): void => this.#expire(timeout('the session', ms));
    try {
      await within({ clock, ms, expire }, () => this.#hold());
    } catch (error) {
      this.#fail(error);
    }
    this.#work.carried(this.#init.channel);
    return this.report;
  }

  /** As far as the session has come. */
  get report(): SessionReport {
    const { sentBytes: bytesSent, receivedBytes: bytesReceived } = this.#init.channel;
    const durationMs = this.#environment.clock.monotonic() - this.#begin;
    return { ...this.#report, durationMs, bytesSent, bytesReceived };
  }

  /** Ends the session because others wait. Its results count, and the next session continues there. */
  giveWay(): void {
    const ms = this.#environment.options.giveWayMs;
    const message = `the session gave way to others after ${ms} ms: the next session continues there`;
    this.#expire(new ProtocolError('TIMEOUT', message));
  }

  abort(error: ProtocolError): void {
    this.#over.abort(error);
    this.#init.channel.abort(error);
  }

  #expire(error: ProtocolError): void {
    this.#outOfTime = true;
    this.abort(error);
  }

  /** A responder takes a slot and a snapshot only once the first frame has arrived. */
  async #hold(): Promise<void> {
    if (this.#init.role === 'initiator') return this.#reconcile(undefined);
    const first = await this.#pump.next();
    if (first === null) throw ENDED;
    this.#chooseMode(first);
    await this.#work.pace(this.#over.signal);
    const { serving } = this.#environment;
    const release = await serving.take(this.#peer, this.#over.signal, () => this.giveWay());
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
    if (outline === null || this.#environment.events.judge?.(this.#peer, outline) !== false) return;
    this.#report.mode = 'survey';
  }

  async #reconcile(first: Uint8Array | undefined): Promise<void> {
    const { dialect, role, scope } = this.#init;
    const { interval, found } = scope;
    const { options, refuses } = this.#environment;
    const held = await this.#work.run(() => this.#environment.snapshot(this.#peer));
    const { snapshot, version, accepts, history, shortItem, terms } = held;
    this.#report.version = version;
    try {
      this.#narrow(accepts);
      await this.#work.prepare(snapshot, this.#over.signal);
      const session = await this.#work.run(() =>
        dialect.session({
          ...terms,
          ...(history !== undefined && { history }),
          ...(shortItem !== undefined && { shortItem: this.#items.counted(shortItem) }),
          takesItems: found === undefined ? this.#items.begin(this.#report) : null,
          role,
          snapshot,
          limits: options.limits,
          refuses: (id) => (found === undefined && refuses?.(this.#peer, id)) || false,
          interval: this.#report.interval,
          whole: interval === undefined,
          tell: found?.tell ?? options.tell,
          mode: this.#report.mode,
          link: this.#environment.links.of(this.#peer),
        }),
      );
      this.#session = session;
      await this.#carry(session, first);
      this.#noteEnd(session, snapshot.size);
    } finally {
      this.#items.end();
      snapshot.release();
    }
  }

  #narrow(accepts: Interval = EVERYTHING): void {
    const interval = intersection(this.#init.scope.interval ?? EVERYTHING, accepts);
    if (isEmpty(interval)) throw NOTHING;
    this.#report.interval = interval;
  }

  #noteEnd(session: Session, items: number): void {
    const { sentBytes, receivedBytes } = this.#init.channel;
    try {
      noteEnd(this.#report, session, { items, bytes: sentBytes + receivedBytes });
    } catch (unproved) {
      this.#environment.events.differs(this.#peer);
      throw unproved;
    }
  }

  /** Afterwards the channel is closed, or free for the next session. */
  async #carry(session: Session, first: Uint8Array | undefined): Promise<void> {
    const { channel } = this.#init;
    try {
      await this.#exchange(session, first);
      if (channel.end === undefined) await this.#close();
      else channel.end();
    } catch (error) {
      if (error instanceof SessionStop && error.parting !== null) await this.#part(error.parting);
      throw error;
    }
  }

  async #exchange(session: Session, first: Uint8Array | undefined): Promise<void> {
    let step = await this.#work.run(() => session.start());
    this.#apply(step);
    let next = first;
    while (!step.done) {
      const going = step.pending === 'work' || (step.pending === 'output' && this.#pump.idle);
      if (going) {
        if (step.pending === 'work') await this.#work.rest();
        this.#over.signal.throwIfAborted();
        step = await this.#work.step((share) => session.proceed!(this.#pump.idle, share));
      } else {
        const frame: Uint8Array | 'sent' | null = next ?? (await this.#pump.event());
        next = undefined;
        if (frame === 'sent') continue;
        if (frame === null) {
          if (step.mayEnd !== true) throw ENDED;
          break;
        }
        this.#link.received(frame.length);
        this.#work.carried(this.#init.channel);
        await this.#work.pace(this.#over.signal);
        step = await this.#work.step((share) => session.receive(frame, share));
        this.#digested(session);
      }
      this.#apply(step);
      await this.#items.hand(step, this.#over.signal);
    }
    await this.#pump.sent();
  }

  #apply({ missing, items = [], have = [], unlisted = [], frames }: Step): void {
    const { found } = this.#init.scope;
    const { events } = this.#environment;
    this.#report.missing += missing.length + items.length;
    const named = have.length + unlisted.length > 0;
    if (found !== undefined) found.take({ missing, have, unlisted });
    else if (missing.length > 0) events.missing(this.#peer, missing);
    if (found === undefined && named) events.named?.(this.#peer, { have, unlisted });
    this.#pump.send(frames);
    if (frames.length === 0) return;
    this.#work.answered();
    this.#link.sent();
  }

  /** A dialect without `differs` shows equality in the first exchange, or the sets differ. */
  #digested({ outlines = null, differs, equal }: Session): void {
    const { events } = this.#environment;
    const report = this.#report;
    report.rounds++;
    if (report.outlines === null && outlines !== null) {
      report.outlines = outlines;
      if (this.#init.scope.found === undefined) events.outlined?.(this.#peer, outlines);
    }
    if (this.#differs || !(differs ?? (report.rounds === 1 && !equal))) return;
    this.#differs = true;
    events.differs(this.#peer);
  }

  /** Closes our side and waits for the peer to close its own: then both know of the end. */
  async #close(): Promise<void> {
    await this.#pump.timed('closing the stream', () => this.#init.channel.close());
    if ((await this.#pump.timed('the end of the stream', () => this.#pump.receive())) === null)
      return;
    throw new ProtocolError('UNEXPECTED_FRAME', 'the peer sent a frame after the end');
  }

  /** Sends the reason and waits until the peer has read it: an immediate reset might overtake it. */
  #part(frame: Uint8Array): Promise<void> {
    const { channel } = this.#init;
    return this.#pump.part(async () => {
      await channel.send(frame);
      await channel.close();
      const most = channel.receivedBytes + PARTING_BYTES;
      while ((await this.#pump.receive()) !== null && channel.receivedBytes < most);
    });
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
    const { lower } = this.#report.interval;
    return from !== null && compareBounds(from, lower) > 0 ? from : null;
  }
}
