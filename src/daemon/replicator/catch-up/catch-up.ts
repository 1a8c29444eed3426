import type {
  ProtocolErrorCode,
  Reconcile,
  ReconciliationSet,
  Scope,
  SessionReport,
} from '../../../protocol/index.ts';
import { Alarm, bytesToHex } from '../../../store/index.ts';
import type { Fetcher } from '../fetching/index.ts';
import type { SharedParts } from '../parts.ts';
import { type CatchUpMember, isIdle } from './member.ts';
import { declined, usable } from './outcome.ts';
import { type Job, Plan, type PlanInit } from './plan.ts';
import { type CatchUpProgress, ProgressReporter } from './progress.ts';
import { Stalls, type StallsInit } from './stalls.ts';

export interface CatchUpInit
  extends PlanInit,
    Omit<StallsInit, 'plan' | 'fetcher'>,
    Pick<SharedParts, 'logger'> {
  wanted: Pick<ReconciliationSet, 'length' | 'sources' | 'mirror'>;
  service: Pick<Reconcile, 'reconcile'>;
  fetcher: Pick<Fetcher, 'paused' | 'streams' | 'stream'>;
  /** Connected peers that have had no survey yet, so that they may still join. */
  unknownPeers: () => number;
  /** The catch-up is over. Called once. */
  ended: () => void;
}

/** How often stalls and slow sessions are looked for. */
const CHECK_EVERY_MS = 1_000;
/** A slice session that takes longer gives way to a peer that has nothing to do. */
const LATE_MS = 60_000;
/** How long after the start the slices of a single peer wait for other peers to check them. */
const NEWCOMERS_MS = 10_000;
/** This node accepts no item of the slice any more: its floor has passed it. */
const NOTHING: ProtocolErrorCode = 'NOTHING_IN_COMMON';
/** Why a stream is called off that named as many long items as may be wanted. */
const FULL = new Error('as many items are wanted as may be');
const MAX_FAILURES = 3;
const MAX_STALLS = 3;

/**
 * Brings a node that is far behind up to date from several peers at once. Each peer lists and serves
 * slices of the key space in order. A second peer checks each slice once it is stored. A session with
 * each peer over everything closes the catch-up.
 */
export class CatchUp {
  readonly #init: CatchUpInit;
  readonly #plan: Plan;
  readonly #stalls: Stalls;
  readonly #reporter: ProgressReporter;
  readonly #alarm: Alarm;
  readonly #members = new Map<string, CatchUpMember>();
  readonly #barred = new Set<string>();
  /** The peer of each slice session that runs, also if the peer has left meanwhile. */
  readonly #sessions = new Map<Job, string>();
  #over = false;

  constructor(init: CatchUpInit) {
    this.#init = init;
    this.#plan = new Plan(init);
    this.#stalls = new Stalls({ ...init, plan: this.#plan });
    this.#reporter = new ProgressReporter({ ...init, plan: this.#plan, members: this.#members });
    this.#alarm = new Alarm(init.clock);
  }

  /** All slices are closed. Nothing needs to wait for the closing sessions that run now. */
  get closing(): boolean {
    return this.#plan.done;
  }

  get progress(): CatchUpProgress {
    return this.#reporter.progress;
  }

  takes(peer: string): boolean {
    return this.#members.has(peer);
  }

  /** A session with the peer over a slice runs. */
  works(peer: string): boolean {
    return [...this.#sessions.values()].includes(peer);
  }

  /** Begins with the report of a survey of everything; `peers` are expected to take part. */
  begin(report: SessionReport, peers: number): void {
    this.#plan.begin(report.survey, peers);
    this.#reporter.begun(report.peer);
    this.#alarm.set(CHECK_EVERY_MS, () => this.#check());
    this.join(report);
  }

  /** From now on the peer lists, serves and checks slices. */
  join({ peer, outlines }: SessionReport): void {
    if (this.#over || outlines === null) return;
    if (this.#members.has(peer) || this.#barred.has(peer)) return;
    const root = bytesToHex(outlines.theirs.root);
    const since = this.#init.clock.monotonic();
    const idle = { job: null, stopStream: null, closing: false, since };
    this.#members.set(peer, { root, ...idle, failures: 0, stalls: 0 });
    this.#advance();
  }

  left(peer: string): void {
    const member = this.#members.get(peer);
    if (member === undefined) return;
    this.#members.delete(peer);
    if (member.stopStream !== null) member.stopStream();
    else if (member.job !== null) this.#plan.failed(member.job);
    this.#plan.left(peer);
    this.#advance();
  }

  /** Nothing that the peer listed is believed any more. */
  disbelieved(peer: string): void {
    if (this.#members.has(peer)) this.#bar(peer, 'what it lists is not believed');
  }

  learnt(peer: string, ids: readonly Uint8Array[]): void {
    const { job = null, stopStream = null } = this.#members.get(peer) ?? {};
    if (job === null) return;
    this.#plan.learnt(job.slice, ids);
    // A stream may name items that are too long for it without end.
    if (this.#plan.pending >= this.#init.maxPending) stopStream?.(FULL);
  }

  /** Items came onto the disk: their ids, as keys. */
  stored(keys: Iterable<string>): void {
    this.#reporter.stored(this.#plan.stored(keys));
    this.#advance();
  }

  stop(): void {
    this.#over = true;
    for (const { stopStream } of this.#members.values()) stopStream?.();
    this.#alarm.cancel();
  }

  /** To be called before another catch-up begins; otherwise it ends by itself. */
  end(): void {
    this.stop();
    this.#reporter.ended();
    this.#init.ended();
  }

  #advance(): void {
    if (this.#over) return;
    for (const [peer, member] of this.#members) if (isIdle(member)) this.#employ(peer, member);
    if (this.#members.size === 0) this.end();
  }

  /** No other peer can check, and none is about to join. */
  get #alone(): boolean {
    const { clock, unknownPeers } = this.#init;
    const young = clock.now() - this.#reporter.startedAt < NEWCOMERS_MS;
    return this.#members.size === 1 && !(young && unknownPeers() > 0);
  }

  #employ(peer: string, member: CatchUpMember): void {
    const streams = this.#init.fetcher.streams(peer);
    const job = this.#plan.next({ peer, alone: this.#alone, streams });
    member.since = this.#init.clock.monotonic();
    if (job !== null) {
      member.job = job;
      this.#plan.started(job, peer);
      if (job.kind === 'stream') void this.#stream(peer, member, job);
      else void this.#work(peer, member, job);
    } else if (this.#plan.done) {
      member.closing = true;
      void this.#close(peer, member);
    } else {
      this.#help(peer, member);
    }
  }

  /** A peer with nothing to list serves the listing of another peer with an equal root. */
  #help(peer: string, { root }: CatchUpMember): void {
    const slow = this.#plan.slices
      .filter(({ state, lister }) => state === 'fetching' && lister !== peer)
      .find(({ lister }) => this.#members.get(lister!)?.root === root);
    if (slow !== undefined) this.#init.wanted.mirror(peer, slow.lister!);
  }

  async #work(peer: string, member: CatchUpMember, job: Job): Promise<void> {
    const { lower, upper } = job.slice;
    this.#sessions.set(job, peer);
    const scope: Scope = {
      interval: { lower, upper },
      mode: job.kind === 'survey' ? 'survey' : 'reconcile',
    };
    const report = await this.#init.service.reconcile(peer, scope);
    this.#sessions.delete(job);
    member.job = null;
    if (this.#over || this.#members.get(peer) !== member) return;
    if (report.error?.code === NOTHING) this.#plan.close(job.slice);
    else if (usable(report, job)) {
      member.failures = 0;
      this.#take(job, report);
    } else {
      this.#plan.failed(job);
      if (declined(report)) this.left(peer);
      else if (++member.failures >= MAX_FAILURES) this.#bar(peer, 'its sessions fail');
    }
    this.#advance();
  }

  /** What came of a slice stays, also when the peer has left. */
  async #stream(peer: string, member: CatchUpMember, job: Job): Promise<void> {
    const { lower, upper } = job.slice;
    const control = new AbortController();
    member.stopStream = (reason) => control.abort(reason);
    const came = (items: number): void => {
      this.#plan.arrived(job, items);
      this.#reporter.stored(items);
    };
    const { fetcher } = this.#init;
    const result = await fetcher.stream({ peer, lower, upper, signal: control.signal, came });
    member.job = null;
    member.stopStream = null;
    if (this.#over) return;
    this.#plan.streamed(job.slice, result);
    const isOurs = result.refused || control.signal.reason === FULL;
    if (result.outcome === 'invalid') this.#bar(peer, 'what it streams is wrong');
    else if (result.outcome === 'complete') member.failures = 0;
    else if (!isOurs && ++member.failures >= MAX_FAILURES) this.#bar(peer, 'its streams fail');
    this.#advance();
  }

  #take({ kind, slice }: Job, report: SessionReport): void {
    if (kind === 'survey') this.#plan.surveyed(slice, report.survey, this.#members.size);
    else if (kind === 'list') this.#plan.listed(slice, report.continueFrom);
    else {
      this.#reporter.checked(slice, report);
      this.#plan.compared(slice);
    }
  }

  async #close(peer: string, member: CatchUpMember): Promise<void> {
    const report = await this.#init.service.reconcile(peer, {});
    this.#reporter.closed(peer, report);
    if (this.#over) return;
    if (this.#members.get(peer) === member) this.#members.delete(peer);
    this.#advance();
  }

  #bar(peer: string, reason: string): void {
    this.#barred.add(peer);
    this.#reporter.barred(peer, reason);
    this.left(peer);
  }

  #check(): void {
    this.#reopenStalled();
    this.#barLate();
    if (this.#over) return;
    this.#reporter.tick();
    this.#alarm.set(CHECK_EVERY_MS, () => this.#check());
    this.#advance();
  }

  /** Slices that do not come go to other peers. */
  #reopenStalled(): void {
    const stalled = new Set<string>();
    for (const [slice, stall] of this.#stalls.find()) {
      if (stall === 'stalled') stalled.add(slice.owes!);
      this.#plan.reopen(slice);
    }
    for (const peer of stalled) {
      const member = this.#members.get(peer);
      if (member !== undefined && ++member.stalls >= MAX_STALLS)
        this.#bar(peer, 'what it lists does not come');
    }
  }

  /** A peer that lists slowly, by misfortune or on purpose, does not hold up idle peers. */
  #barLate(): void {
    const { clock, maxPending } = this.#init;
    const idle = [...this.#members.values()].some(isIdle);
    if (!idle || this.#plan.pending >= maxPending) return;
    for (const [peer, { job, since, stopStream }] of this.#members) {
      const late = clock.monotonic() - since >= LATE_MS;
      if (!late || job === null) continue;
      // The part that came stays, so the peer may go on with another slice.
      if (stopStream !== null) stopStream();
      else this.#bar(peer, 'its sessions take too long');
    }
  }
}
