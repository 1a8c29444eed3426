import type { Logger } from 'pino';
import type { ReconciliationSet, Scope, SessionReport } from '../../../protocol/index.ts';
import { bytesToHex, type Cancel, type Clock } from '../../../store/index.ts';
import { declined, ending, usable } from './outcome.ts';
import { isGivenUp, type Job, Plan, type Slice } from './plan.ts';
import { type CatchUpProgress, Rate } from './progress.ts';
import { Stalls } from './stalls.ts';

export interface CatchUpInit {
  clock: Clock;
  logger: Logger;
  wanted: Pick<ReconciliationSet, 'length' | 'sources'>;
  /** Nothing is fetched at the moment, through no fault of any peer. */
  paused: () => boolean;
  /** Connected peers of which it is not known yet whether they can take part. */
  unknown: () => number;
  /** Says that a peer holds whatever another one lists. */
  mirror: (peer: string, of: string) => void;
  /** Runs a session; never rejects. */
  reconcile: (peer: string, scope: Scope) => Promise<SessionReport>;
  /** Called once, when it is over. */
  ended: () => void;
  sliceItems: number;
  maxPending: number;
}

interface CatchUpMember {
  /** The root it named, as hex: peers with equal ones may serve what the other listed. */
  readonly root: string;
  job: Job | 'closing' | null;
  /** When that began, on the monotonic clock. */
  since: number;
  /** Sessions in a row that failed. */
  failures: number;
  /** Times that what it listed did not come. */
  stalls: number;
}

/** How often what stands still is looked at. */
const LOOK_EVERY_MS = 1_000;
/** How often the log tells how far it is. */
const TELL_EVERY_MS = 10_000;
/** A session over a slice that takes longer gives way to a peer that has nothing to do. */
const LATE_MS = 60_000;
/** How long after the beginning a lonely peer's slices wait for others to check them. */
const NEWCOMERS_MS = 10_000;
/** Sessions in a row that may fail before a peer takes part no more. */
const MAX_FAILURES = 3;
/** Times that what a peer listed may not come before it takes part no more. */
const MAX_STALLS = 3;

/**
 * A node far behind gets what it lacks from several peers at once (docs/architecture.md): each lists and
 * serves slices of the key space in order, each slice is compared with a second peer once it is here,
 * and a session with each peer over everything closes it.
 */
export class CatchUp {
  readonly #init: CatchUpInit;
  readonly #plan: Plan;
  readonly #rate: Rate;
  readonly #startedAt: number;
  readonly #members = new Map<string, CatchUpMember>();
  /** Peers that take part no more. */
  readonly #barred = new Set<string>();
  /** Sessions over everything at the end, by whether they came to an end that says something. */
  readonly #compared = { yes: 0, no: 0 };
  /** Peers that take part no more, and whose sessions still run. */
  readonly #outlasting = new Set<string>();
  readonly #stalls: Stalls;
  #timer: Cancel | undefined;
  #toldAt: number;
  #over = false;

  constructor(init: CatchUpInit) {
    this.#init = init;
    this.#plan = new Plan(init);
    this.#stalls = new Stalls({ ...init, plan: this.#plan });
    this.#rate = new Rate(init.clock);
    this.#startedAt = init.clock.now();
    this.#toldAt = init.clock.monotonic();
  }

  /** All slices are dealt with; the sessions over everything that run now need nobody to wait for them. */
  get closing(): boolean {
    return this.#plan.done;
  }

  takes(peer: string): boolean {
    return this.#members.has(peer);
  }

  /** The peer lists, or is compared with, a slice. */
  works(peer: string): boolean {
    const job = this.#members.get(peer)?.job ?? null;
    return (job !== null && job !== 'closing') || this.#outlasting.has(peer);
  }

  get progress(): CatchUpProgress {
    const { slices, missing, allListed, done } = this.#plan;
    return {
      startedAt: this.#startedAt,
      phase: done ? 'closing' : 'slices',
      stored: this.#rate.total,
      missing,
      estimated: !allListed,
      slices: {
        total: slices.length,
        closed: slices.filter(({ state }) => state === 'closed').length,
        checked: slices.filter(({ checked }) => checked).length,
        givenUp: slices.filter(isGivenUp).length,
      },
      peers: this.#members.size,
      itemsPerSecond: this.#rate.perSecond,
      secondsLeft: done ? null : this.#rate.secondsFor(missing),
    };
  }

  /** Begins with what a survey of everything showed; `peers` are expected to take part. */
  begin(report: SessionReport, peers: number): void {
    const { peer, survey } = report;
    this.#plan.begin(survey, peers);
    const { missing, slices } = this.#plan;
    this.#init.logger.info(
      { event: 'catch-up-begun', peer, missing, slices: slices.length },
      'far behind by what the peer says: catching up from several peers',
    );
    this.#timer = this.#init.clock.after(LOOK_EVERY_MS, () => this.#look());
    this.join(report);
  }

  /** From now on the peer lists, serves and checks slices. */
  join({ peer, outlines }: SessionReport): void {
    if (this.#over || this.#members.has(peer) || outlines === null) return;
    if (this.#barred.has(peer)) return;
    const root = bytesToHex(outlines.theirs.root);
    const since = this.#init.clock.monotonic();
    this.#members.set(peer, { root, job: null, since, failures: 0, stalls: 0 });
    this.#advance();
  }

  left(peer: string): void {
    const job = this.#members.get(peer)?.job ?? null;
    if (!this.#members.delete(peer)) return;
    if (job !== null && job !== 'closing') {
      this.#outlasting.add(peer);
      this.#plan.failed(job);
    }
    this.#plan.left(peer);
    this.#advance();
  }

  /** Nothing that the peer listed is believed any more. */
  disbelieved(peer: string): void {
    if (this.#members.has(peer)) this.#bar(peer, 'what it lists is not believed');
  }

  learnt(peer: string, ids: readonly Uint8Array[]): void {
    const job = this.#members.get(peer)?.job ?? null;
    if (job !== null && job !== 'closing') this.#plan.learnt(job.slice, ids);
  }

  /** Items came onto our disk: their ids, as keys. */
  stored(keys: readonly string[]): void {
    this.#rate.add(this.#plan.stored(keys));
    this.#advance();
  }

  stop(): void {
    this.#over = true;
    this.#timer?.();
  }

  /** Gives every peer without a job one, if there is one. */
  #advance(): void {
    if (this.#over) return;
    for (const [peer, member] of this.#members) if (member.job === null) this.#employ(peer, member);
    if (this.#members.size === 0) this.end();
  }

  /** Nobody else is there to check, or to come so soon. */
  get #alone(): boolean {
    const { clock, unknown } = this.#init;
    const young = clock.now() - this.#startedAt < NEWCOMERS_MS;
    return this.#members.size === 1 && !(young && unknown() > 0);
  }

  #employ(peer: string, member: CatchUpMember): void {
    const job = this.#plan.next(peer, this.#alone);
    member.since = this.#init.clock.monotonic();
    if (job !== null) {
      member.job = job;
      this.#plan.started(job, peer);
      void this.#work(peer, member, job);
    } else if (this.#plan.done) {
      member.job = 'closing';
      void this.#close(peer, member);
    } else {
      this.#help(peer, member);
    }
  }

  /** A peer with nothing to list serves what another with the same set has listed. */
  #help(peer: string, { root }: CatchUpMember): void {
    const slow = this.#plan.slices.find(
      ({ state, lister }) =>
        state === 'fetching' &&
        lister !== peer &&
        lister !== null &&
        this.#members.get(lister)?.root === root,
    );
    if (slow !== undefined) this.#init.mirror(peer, slow.lister!);
  }

  async #work(peer: string, member: CatchUpMember, job: Job): Promise<void> {
    const { lower, upper } = job.slice;
    const settles = job.kind !== 'survey';
    const report = await this.#init.reconcile(peer, { interval: { lower, upper }, settles });
    member.job = null;
    this.#outlasting.delete(peer);
    if (this.#over || this.#members.get(peer) !== member) return;
    if (usable(report, job)) {
      member.failures = 0;
      this.#take(peer, job, report);
    } else {
      this.#plan.failed(job);
      if (declined(report)) this.left(peer);
      else if (++member.failures >= MAX_FAILURES) this.#bar(peer, 'its sessions fail');
    }
    this.#advance();
  }

  /** It would join again at once if it could. */
  #bar(peer: string, reason: string): void {
    this.#barred.add(peer);
    this.#init.logger.warn(
      { event: 'catch-up-barred', peer, reason },
      'the peer takes part in catching up no more',
    );
    this.left(peer);
  }

  #take(peer: string, { kind, slice }: Job, report: SessionReport): void {
    if (kind === 'survey') this.#plan.surveyed(slice, report.survey, this.#members.size);
    else if (kind === 'list') this.#plan.listed(slice, report.continueFrom);
    else {
      if (report.missing > 0) this.#tellOmission(peer, slice, report);
      this.#plan.compared(slice);
    }
  }

  #tellOmission(peer: string, { lister }: Slice, { missing }: SessionReport): void {
    this.#init.logger.warn(
      { event: 'slice-incomplete', peer, lister, missing },
      'a second peer holds items that the first did not list, or that were written since: they are fetched from the second',
    );
  }

  async #close(peer: string, member: CatchUpMember): Promise<void> {
    const report = await this.#init.reconcile(peer, {});
    const { error, missing } = report;
    this.#init.logger.debug({ event: 'catch-up-closing', peer, missing, error }, 'peer closed');
    if (this.#over) return;
    if (error === null && !declined(report)) this.#compared.yes++;
    else this.#compared.no++;
    if (this.#members.get(peer) === member) this.#members.delete(peer);
    this.#advance();
  }

  /** To be called where another one is to begin; otherwise it comes to its end by itself. */
  end(): void {
    this.stop();
    const { stored, missing, slices, startedAt } = this.progress;
    const seconds = Math.round((this.#init.clock.now() - startedAt) / 100) / 10;
    // Those whose sessions still run have shown nothing yet.
    const compared = this.#compared.yes;
    const uncompared = this.#compared.no + this.#members.size;
    const outcome = { missing, givenUp: slices.givenUp, compared, uncompared };
    this.#init.logger.info(
      { event: 'catch-up-ended', stored, missing, slices, compared, uncompared, seconds },
      ending(outcome),
    );
    this.#init.ended();
  }

  /** Now and then: what stands still goes to another peer, and the log says how far it is. */
  #look(): void {
    this.#rate.sample();
    this.#watch();
    this.#hurry();
    const now = this.#init.clock.monotonic();
    if (now - this.#toldAt >= TELL_EVERY_MS) {
      this.#toldAt = now;
      const { startedAt: _, ...progress } = this.progress;
      this.#init.logger.info({ event: 'catch-up', ...progress }, 'catching up');
    }
    this.#timer = this.#init.clock.after(LOOK_EVERY_MS, () => this.#look());
    this.#advance();
  }

  /** Who lists slowly, by misfortune or on purpose, does not hold up those that could do it. */
  #hurry(): void {
    const { clock, maxPending } = this.#init;
    const idle = [...this.#members.values()].some(({ job }) => job === null);
    if (!idle || this.#plan.pending >= maxPending) return;
    for (const [peer, { job, since }] of this.#members) {
      const late = clock.monotonic() - since >= LATE_MS;
      if (late && job !== null && job !== 'closing') this.#bar(peer, 'its sessions take too long');
    }
  }

  #watch(): void {
    const stalled = new Set<string>();
    for (const [slice, stall] of this.#stalls.look()) {
      if (stall === 'stalled') stalled.add(slice.owes!);
      this.#plan.reopen(slice);
    }
    for (const peer of stalled) {
      const member = this.#members.get(peer);
      if (member !== undefined && ++member.stalls >= MAX_STALLS)
        this.#bar(peer, 'what it lists does not come');
    }
  }
}
