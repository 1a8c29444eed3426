import type { Logger } from 'pino';
import type { ReconciliationSet, Scope, SessionReport } from '../../../protocol/index.ts';
import {
  bytesToHex,
  bytesToKey,
  type Cancel,
  type Clock,
  compareBounds,
  type ItemKey,
  keyToBytes,
} from '../../../store/index.ts';
import { type Job, Plan, type Slice } from './plan.ts';
import { type CatchUpProgress, Rate } from './progress.ts';

export interface CatchUpInit {
  clock: Clock;
  logger: Logger;
  wanted: Pick<ReconciliationSet, 'has'>;
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

interface Member {
  /** The root it named, as hex: peers with equal ones may serve what the other listed. */
  readonly root: string;
  job: Job | 'closing' | null;
  failures: number;
  closed: boolean;
}

/** How often what stands still is looked at. */
const LOOK_EVERY_MS = 1_000;
/** How often the log tells how far it is. */
const TELL_EVERY_MS = 10_000;
/** A slice of which nothing has come for so long is to be listed by another peer. */
const STALLED_MS = 15_000;
/** How long after the beginning a lonely peer's slices wait for others to check them. */
const NEWCOMERS_MS = 10_000;
/** Sessions in a row that may fail before a peer takes part no more. */
const MAX_FAILURES = 3;

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
  readonly #members = new Map<string, Member>();
  /** Slices that are being fetched, and since when nothing at all has come. */
  readonly #still = new Map<Slice, { readonly stored: number; readonly since: number }>();
  #timer: Cancel | undefined;
  #toldAt: number;
  #over = false;

  constructor(init: CatchUpInit) {
    this.#init = init;
    this.#plan = new Plan(init);
    this.#rate = new Rate(init.clock);
    this.#startedAt = init.clock.now();
    this.#toldAt = init.clock.monotonic();
  }

  get over(): boolean {
    return this.#over;
  }

  takes(peer: string): boolean {
    return this.#members.has(peer);
  }

  /** The peer lists, or is compared with, a slice. */
  works(peer: string): boolean {
    const job = this.#members.get(peer)?.job ?? null;
    return job !== null && job !== 'closing';
  }

  get progress(): CatchUpProgress {
    const { slices, missing, done } = this.#plan;
    return {
      startedAt: this.#startedAt,
      phase: done ? 'closing' : 'slices',
      stored: this.#rate.total,
      missing,
      slices: {
        total: slices.length,
        closed: slices.filter(({ state }) => state === 'closed').length,
        checked: slices.filter(({ checked }) => checked).length,
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
      'far behind: catching up from several peers',
    );
    this.#timer = this.#init.clock.after(LOOK_EVERY_MS, () => this.#look());
    this.join(report);
  }

  /** From now on the peer lists, serves and checks slices. */
  join({ peer, outlines }: SessionReport): void {
    if (this.#over || this.#members.has(peer) || outlines === null) return;
    const root = bytesToHex(outlines.theirs.root);
    this.#members.set(peer, { root, job: null, failures: 0, closed: false });
    this.#advance();
  }

  left(peer: string): void {
    if (!this.#members.delete(peer)) return;
    this.#plan.left(peer);
    this.#advance();
  }

  learnt(peer: string, ids: readonly Uint8Array[]): void {
    const job = this.#members.get(peer)?.job ?? null;
    if (job !== null && job !== 'closing') this.#plan.learnt(job.slice, ids);
  }

  stored(keys: readonly ItemKey[]): void {
    this.#rate.add(keys.length);
    this.#plan.stored(keys.map(({ id }) => bytesToKey(id)));
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
    const all = [...this.#members.values()];
    if (this.#plan.done ? all.every(({ closed, job }) => closed && job === null) : all.length === 0)
      this.#finish();
  }

  /** Nobody else is there to check, or to come so soon. */
  get #alone(): boolean {
    const { clock, unknown } = this.#init;
    const young = clock.now() - this.#startedAt < NEWCOMERS_MS;
    return this.#members.size === 1 && !(young && unknown() > 0);
  }

  #employ(peer: string, member: Member): void {
    const job = this.#plan.next(peer, this.#alone);
    if (job !== null) {
      member.job = job;
      this.#plan.started(job, peer);
      void this.#work(peer, member, job);
    } else if (this.#plan.done && !member.closed) {
      member.closed = true;
      member.job = 'closing';
      void this.#close(peer, member);
    } else {
      this.#help(peer, member);
    }
  }

  /** A peer with nothing to list serves what another with the same set has listed. */
  #help(peer: string, { root }: Member): void {
    const slow = this.#plan.slices.find(
      ({ state, lister }) =>
        state === 'fetching' &&
        lister !== peer &&
        lister !== null &&
        this.#members.get(lister)?.root === root,
    );
    if (slow !== undefined) this.#init.mirror(peer, slow.lister!);
  }

  async #work(peer: string, member: Member, job: Job): Promise<void> {
    const { lower, upper } = job.slice;
    const settles = job.kind !== 'survey';
    const report = await this.#init.reconcile(peer, { interval: { lower, upper }, settles });
    member.job = null;
    if (this.#over) return;
    if (usable(report, job)) {
      member.failures = 0;
      this.#take(peer, job, report);
    } else {
      this.#plan.failed(job);
      if (++member.failures >= MAX_FAILURES || declined(report)) this.left(peer);
    }
    this.#advance();
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
      'a second peer holds items that the first did not list: they are fetched from the second',
    );
  }

  async #close(peer: string, member: Member): Promise<void> {
    const report = await this.#init.reconcile(peer, {});
    member.job = null;
    const { error, missing } = report;
    this.#init.logger.debug({ event: 'catch-up-closing', peer, missing, error }, 'peer closed');
    this.#advance();
  }

  #finish(): void {
    this.#over = true;
    this.#timer?.();
    const { stored, missing, slices, startedAt } = this.progress;
    const seconds = Math.round((this.#init.clock.now() - startedAt) / 100) / 10;
    this.#init.logger.info(
      { event: 'catch-up-ended', stored, missing, slices, seconds },
      missing > 0 ? 'catching up ended without peers to go on with' : 'caught up',
    );
    this.#init.ended();
  }

  /** Now and then: what stands still goes to another peer, and the log says how far it is. */
  #look(): void {
    this.#rate.sample();
    for (const slice of this.#plan.slices) this.#watch(slice);
    const now = this.#init.clock.monotonic();
    if (now - this.#toldAt >= TELL_EVERY_MS) {
      this.#toldAt = now;
      const { startedAt: _, ...progress } = this.progress;
      this.#init.logger.info({ event: 'catch-up', ...progress }, 'catching up');
    }
    this.#timer = this.#init.clock.after(LOOK_EVERY_MS, () => this.#look());
    this.#advance();
  }

  #watch(slice: Slice): void {
    if (slice.state !== 'fetching') {
      this.#still.delete(slice);
      return;
    }
    const now = this.#init.clock.monotonic();
    const stored = this.#rate.total;
    const known = this.#still.get(slice);
    if (known?.stored !== stored) this.#still.set(slice, { stored, since: now });
    else if (now - known.since >= STALLED_MS || !this.#anyWanted(slice)) this.#plan.reopen(slice);
  }

  #anyWanted({ pending }: Slice): boolean {
    for (const key of pending) if (this.#init.wanted.has(keyToBytes(key))) return true;
    return false;
  }
}

/** A session that was ours, and came to an end that says something; one that a budget ended does. */
function usable(report: SessionReport, { kind, slice }: Job): boolean {
  const { role, error, continueFrom } = report;
  if (role !== 'initiator' || declined(report)) return false;
  if (kind === 'survey') return error === null;
  if (continueFrom === null) return error === null;
  return kind === 'list' && compareBounds(continueFrom, slice.lower) > 0;
}

function declined({ outlines }: SessionReport): boolean {
  return outlines?.theirs.settles === false;
}
