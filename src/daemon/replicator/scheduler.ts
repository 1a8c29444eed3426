import type { Cancel, Clock, Random } from '../../store/index.ts';

export interface SchedulerInit {
  clock: Clock;
  random: Random;
  intervalMs: number;
  jitter: number;
  settleMs: number;
  settleMaxMs: number;
  /** Starts a session with the peer, or joins the one that runs; never rejects. */
  run: (peer: string) => Promise<unknown>;
  /** Nothing new could be said to this peer. */
  inSync: (peer: string) => boolean;
  /**
   * Fetches are under way: a session would list what is on its way already, and be stale at once.
   * Until they end only the interval starts sessions.
   */
  busy: () => boolean;
}

/** Decides when sessions run: at connect, by timer with jitter, and when local changes have settled. */
export class SessionScheduler {
  readonly #init: SchedulerInit;
  readonly #timers = new Map<string, Cancel>();
  #settle: Cancel | undefined;
  #unsettledSince: number | undefined;
  #stopped = false;

  constructor(init: SchedulerInit) {
    this.#init = init;
  }

  /** A little chance before the first session keeps both ends from always starting together. */
  connected(peer: string): void {
    this.#armSoon(peer);
  }

  /** The peer is known to have something that we lack. */
  soon(peer: string): void {
    if (this.#timers.has(peer)) this.#armSoon(peer);
  }

  #armSoon(peer: string): void {
    this.#arm(peer, this.#init.random.fraction() * this.#init.settleMs);
  }

  disconnected(peer: string): void {
    this.#timers.get(peer)?.();
    this.#timers.delete(peer);
  }

  /** A session with the peer ended, whoever began it: the next one is an interval away. */
  ended(peer: string): void {
    if (this.#timers.has(peer)) this.#armInterval(peer);
  }

  /** The set changed, or a session ended that did not show its present state. */
  changed(): void {
    if (this.#stopped) return;
    const now = this.#init.clock.monotonic();
    this.#unsettledSince ??= now;
    const latest = this.#unsettledSince + this.#init.settleMaxMs;
    this.#settle?.();
    this.#settle = this.#init.clock.after(
      Math.max(0, Math.min(this.#init.settleMs, latest - now)),
      () => this.#settled(),
    );
  }

  stop(): void {
    this.#stopped = true;
    this.#settle?.();
    for (const cancel of this.#timers.values()) cancel();
    this.#timers.clear();
  }

  #settled(): void {
    this.#settle = undefined;
    this.#unsettledSince = undefined;
    if (this.#init.busy()) {
      this.changed();
      return;
    }
    for (const peer of this.#timers.keys()) if (!this.#init.inSync(peer)) this.#run(peer);
  }

  #run(peer: string): void {
    this.#armInterval(peer);
    void this.#init.run(peer);
  }

  #armInterval(peer: string): void {
    const { intervalMs, jitter, random } = this.#init;
    this.#arm(peer, intervalMs * (1 + jitter * (2 * random.fraction() - 1)));
  }

  #arm(peer: string, delayMs: number): void {
    if (this.#stopped) return;
    this.#timers.get(peer)?.();
    this.#timers.set(
      peer,
      this.#init.clock.after(delayMs, () => this.#run(peer)),
    );
  }
}
