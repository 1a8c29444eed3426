import { Alarm, type Clock, type Random } from '../../../store/index.ts';
import { BackOff } from '../../backoff.ts';
import type { ReplicatorOptions } from '../options.ts';
import type { PeerRecords } from '../peers.ts';
import type { PeerStatements, Statement } from './statements.ts';

/** The sessions that prove. */
export interface ProvingSessions {
  /** Starts a session with the peer, or joins the one that runs; never rejects. */
  run(peer: string): Promise<unknown>;
  /** So little is on its way that a session lists few ids again. */
  readonly cheap: boolean;
}

interface ProofRenewalInit extends Pick<ReplicatorOptions, 'proveMs' | 'silenceMs'> {
  clock: Clock;
  random: Random;
  sessions: ProvingSessions;
  peers: Pick<PeerRecords, 'inSync' | 'terms'>;
  statements: Pick<PeerStatements, 'of'>;
}

/** Times are on the monotonic clock. */
interface Watched {
  /** The last proof that was seen. */
  statement: Statement | null;
  /** As of when it holds; the connection where there is none. */
  provedAt: number;
  /** The first and the last change that it may not cover; null when all are covered. */
  changes: { readonly first: number; readonly last: number } | null;
  readonly backOff: BackOff;
  readonly alarm: Alarm;
}

/** The part of `proveMs` after which a proof is renewed, and the part of it that chance adds. */
const RENEW = 0.6;
const CHANCE = 0.2;

/**
 * Renews the proof that all items of a peer are here, as long as the sets change: push alone proves
 * nothing, and while writes go on no silence comes. A session proves to both sides, so chance decides which
 * of them begins.
 */
export class ProofRenewal {
  readonly #init: ProofRenewalInit;
  readonly #watched = new Map<string, Watched>();
  #stopped = false;

  constructor(init: ProofRenewalInit) {
    this.#init = init;
  }

  connected(peer: string): void {
    this.disconnected(peer);
    if (this.#stopped) return;
    const { clock, proveMs, statements } = this.#init;
    const now = clock.monotonic();
    const watched: Watched = {
      statement: statements.of(peer).coversAsOf,
      provedAt: now,
      changes: { first: now, last: now },
      backOff: new BackOff({ baseMs: proveMs / 10, maxMs: proveMs }),
      alarm: new Alarm(clock),
    };
    this.#watched.set(peer, watched);
    this.#arm(peer, watched);
  }

  disconnected(peer: string): void {
    this.#watched.get(peer)?.alarm.cancel();
    this.#watched.delete(peer);
  }

  /** A set changed, here or at a peer. */
  changed(): void {
    const now = this.#init.clock.monotonic();
    for (const [peer, watched] of this.#watched) {
      watched.changes = { first: watched.changes?.first ?? now, last: now };
      if (!watched.alarm.pending) this.#arm(peer, watched);
    }
  }

  /** Whether a change has waited for its proof for longer than renewals take, even if one fails. */
  late(peer: string): boolean {
    const watched = this.#watched.get(peer);
    if (watched === undefined || this.#covered(peer, watched)) return false;
    return this.#init.clock.monotonic() - watched.changes!.first > 2 * this.#init.proveMs;
  }

  stop(): void {
    this.#stopped = true;
    for (const peer of [...this.#watched.keys()]) this.disconnected(peer);
  }

  #arm(peer: string, watched: Watched, pauseMs = 0): void {
    const { clock, random, proveMs, silenceMs } = this.#init;
    const now = clock.monotonic();
    // After a quiet time the session that waits for silence is likely to prove.
    const patient = (watched.changes?.first ?? now) + Math.min(silenceMs, proveMs / 4);
    const renewed = watched.provedAt + proveMs * (RENEW + CHANCE * random.fraction());
    watched.alarm.set(Math.max(pauseMs, patient - now, renewed - now), () => {
      void this.#due(peer, watched);
    });
  }

  async #due(peer: string, watched: Watched): Promise<void> {
    const { clock, sessions, proveMs } = this.#init;
    const isYoung = () => clock.monotonic() - watched.provedAt < RENEW * proveMs;
    if (this.#covered(peer, watched)) return;
    if (!isYoung() && sessions.cheap) await sessions.run(peer);
    if (this.#watched.get(peer) !== watched || watched.alarm.pending) return;
    if (this.#covered(peer, watched)) return;
    this.#arm(peer, watched, isYoung() ? 0 : watched.backOff.next());
  }

  /** Whether no change is left that the last proof does not cover. */
  #covered(peer: string, watched: Watched): boolean {
    this.#look(peer, watched);
    // A peer that shows nothing proves nothing.
    if (!this.#init.peers.terms(peer).gives) return true;
    if (this.#init.peers.inSync(peer)) watched.changes = null;
    return watched.changes === null;
  }

  #look(peer: string, watched: Watched): void {
    const { clock, statements } = this.#init;
    const { coversAsOf } = statements.of(peer);
    if (coversAsOf === null || coversAsOf === watched.statement) return;
    watched.statement = coversAsOf;
    if (!coversAsOf.whole) return;
    const now = clock.monotonic();
    // The clock on the wall may have been set meanwhile.
    const begun = now - Math.max(0, clock.now() - coversAsOf.begunAt);
    watched.provedAt = Math.max(watched.provedAt, begun);
    watched.backOff.reset();
    const last = watched.changes?.last ?? Number.NEGATIVE_INFINITY;
    watched.changes = last < watched.provedAt ? null : { first: watched.provedAt, last };
  }
}
