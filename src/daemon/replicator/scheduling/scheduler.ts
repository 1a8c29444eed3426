import { Alarm, type Clock, type Random } from '../../../store/index.ts';
import type { ReplicatorOptions } from '../options.ts';
import type { PeerRecords } from '../peers.ts';

/** The sessions that the scheduler starts. */
export interface ScheduledSessions {
  /** Starts a session with the peer, or joins the one that runs; never rejects. */
  run(peer: string): Promise<unknown>;
  /** Wanted items arrive, and a session would list them again: only the interval starts sessions. */
  readonly busy: boolean;
}

/** The changes that push told the peers of. */
export interface PushedChanges {
  /** Push told the peer of all changes since its last session: the next session waits for silence. */
  reached(peer: string): boolean;
  /** This node falls behind: it begins one session at a time, and rests after each. */
  readonly overloaded: boolean;
}

interface SchedulerInit
  extends Pick<ReplicatorOptions, 'jitter' | 'settleMs' | 'settleMaxMs' | 'silenceMs'>,
    Pick<ReplicatorOptions, 'intervalMs' | 'intervalMinMs' | 'intervalMaxMs'> {
  clock: Clock;
  random: Random;
  sessions: ScheduledSessions;
  peers: Pick<PeerRecords, 'inSync'>;
  pushed: PushedChanges;
}

/** How much longer than its last session an overloaded node rests. */
const REST = 4;

/** The outcome of a session, as far as the next session depends on it. */
export type ScheduleOutcome = 'equal' | 'different' | 'unknown';

interface Due {
  /** Milliseconds to the next session when nothing else asks for a session. */
  intervalMs: number;
  /** When this node began the last session, on the monotonic clock. */
  ranAt: number;
  /** The next session is to come soon, because of a gap. */
  gap: boolean;
  /** For its turn on an overloaded node. */
  waits: boolean;
  readonly alarm: Alarm;
}

/**
 * Decides when sessions run: at connect, after changes or pushes have gone silent, after a gap in pushes,
 * and by an interval with jitter that grows while nothing differs.
 */
export class SessionScheduler {
  readonly #init: SchedulerInit;
  readonly #due = new Map<string, Due>();
  readonly #settle: Alarm;
  readonly #silence: Alarm;
  #unsettledSince: number | undefined;
  /** An overloaded node begins no session before `#restsUntil`, and then the one that waited longest. */
  readonly #turn: Alarm;
  #restsUntil = Number.NEGATIVE_INFINITY;
  #running = false;

  constructor(init: SchedulerInit) {
    this.#init = init;
    this.#settle = new Alarm(init.clock);
    this.#silence = new Alarm(init.clock);
    this.#turn = new Alarm(init.clock);
  }

  /** Schedules sessions from now on; `peers` are connected already. */
  start(peers: readonly string[]): void {
    this.#running = true;
    for (const peer of peers) this.connected(peer);
  }

  /** A little chance before the first session keeps both ends from always starting together. */
  connected(peer: string): void {
    if (!this.#running) return;
    this.disconnected(peer);
    const { clock, intervalMs, settleMs, random } = this.#init;
    const ranAt = Number.NEGATIVE_INFINITY;
    const due = { intervalMs, ranAt, gap: false, waits: false, alarm: new Alarm(clock) };
    this.#due.set(peer, due);
    this.#arm(peer, due, random.fraction() * settleMs);
  }

  disconnected(peer: string): void {
    this.#due.get(peer)?.alarm.cancel();
    this.#due.delete(peer);
  }

  /**
   * A session with the peer ended, in either role: the next session is an interval away. Equal sets
   * double that up to `intervalMaxMs`, a difference cuts it to a quarter, down to `intervalMinMs`.
   */
  ended(peer: string, outcome: ScheduleOutcome): void {
    const due = this.#due.get(peer);
    if (due === undefined) return;
    const { intervalMs, intervalMinMs, intervalMaxMs } = this.#init;
    const least = Math.min(intervalMinMs, intervalMs);
    const most = Math.max(intervalMaxMs, intervalMs);
    if (outcome === 'equal') due.intervalMs = Math.min(most, 2 * due.intervalMs);
    if (outcome === 'different') due.intervalMs = Math.max(least, due.intervalMs / 4);
    if (!due.gap) this.#rearm(peer, due);
  }

  /** The set changed, or a session ended that did not show its present state. */
  changed(): void {
    if (!this.#running) return;
    const now = this.#init.clock.monotonic();
    this.#unsettledSince ??= now;
    const latest = this.#unsettledSince + this.#init.settleMaxMs;
    const settleMs = Math.max(0, Math.min(this.#init.settleMs, latest - now));
    this.#settle.set(settleMs, () => this.#settled());
    this.#silence.set(this.#init.silenceMs, () => this.#silent());
  }

  /**
   * Announcements were missed: the peer, or every peer, gets a session soon, in sync or not. Any number
   * of gaps cause at most one session in `settleMaxMs`.
   */
  gap(peer?: string): void {
    const { clock, random, settleMs, settleMaxMs } = this.#init;
    for (const [other, due] of this.#due) {
      if ((peer !== undefined && other !== peer) || due.gap) continue;
      const soon = settleMs * (1 + random.fraction());
      const delay = Math.max(soon, due.ranAt + settleMaxMs - clock.monotonic());
      due.gap = true;
      this.#arm(other, due, delay);
    }
  }

  stop(): void {
    this.#running = false;
    this.#settle.cancel();
    this.#silence.cancel();
    this.#turn.cancel();
    for (const { alarm } of this.#due.values()) alarm.cancel();
    this.#due.clear();
  }

  #settled(): void {
    this.#unsettledSince = undefined;
    this.#runAll((peer) => !this.#init.pushed.reached(peer));
  }

  /** Finds out by sessions whether all pushed items have arrived everywhere. */
  #silent(): void {
    this.#runAll(() => true);
  }

  /** Peers not in sync. Sessions are limited, so the peers that have waited longest come first. */
  #runAll(due: (peer: string) => boolean): void {
    const { peers, sessions } = this.#init;
    if (sessions.busy) {
      this.changed();
      return;
    }
    const waiting = [...this.#due].filter(([peer]) => !peers.inSync(peer) && due(peer));
    waiting.sort(([, a], [, b]) => a.ranAt - b.ranAt);
    for (const [peer, state] of waiting) this.#run(peer, state);
  }

  #run(peer: string, due: Due): void {
    const { clock, pushed } = this.#init;
    const now = clock.monotonic();
    due.waits = pushed.overloaded && now < this.#restsUntil;
    if (due.waits) {
      due.alarm.cancel();
      this.#turn.set(this.#restsUntil - now, () => this.#takeTurns());
      return;
    }
    due.ranAt = now;
    due.gap = false;
    this.#rearm(peer, due);
    void this.#session(peer);
  }

  /** After the first of them the others wait again, if the node is still overloaded. */
  #takeTurns(): void {
    const waiting = [...this.#due].filter(([, { waits }]) => waits);
    waiting.sort(([, a], [, b]) => a.ranAt - b.ranAt);
    for (const [peer, due] of waiting) this.#run(peer, due);
  }

  /** An overloaded node takes longer for a session, so it also rests longer. */
  async #session(peer: string): Promise<void> {
    const { clock, settleMaxMs, intervalMs, sessions } = this.#init;
    const began = clock.monotonic();
    const longest = Math.max(settleMaxMs, intervalMs);
    // A peer that keeps its session from ending does not hold up all others.
    const until = began + longest;
    this.#restsUntil = until;
    await sessions.run(peer);
    if (this.#restsUntil !== until) return;
    const now = clock.monotonic();
    const rest = Math.min(longest, Math.max(settleMaxMs, REST * (now - began)));
    this.#restsUntil = now + rest;
    if (this.#turn.pending) this.#turn.set(rest, () => this.#takeTurns());
  }

  #rearm(peer: string, due: Due): void {
    const { jitter, random } = this.#init;
    this.#arm(peer, due, due.intervalMs * (1 + jitter * (2 * random.fraction() - 1)));
  }

  #arm(peer: string, due: Due, delayMs: number): void {
    due.alarm.set(delayMs, () => this.#run(peer, due));
  }
}
