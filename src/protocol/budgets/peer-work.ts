import { type Clock, delay } from '../../store/index.ts';
import type { Knows } from '../knows.ts';
import { TokenBuckets } from './token-buckets.ts';

/** The rates of `PeerWork`. */
export interface PeerWorkOptions {
  /**
   * Milliseconds of the processor that one peer may take in a second. Raising it lets a peer slow down
   * the others; lowering it slows down sessions with large differences.
   * @default 300
   */
  peerMsPerSecond: number;
  /**
   * The same for all unknown peers together, since identities cost nothing.
   * @default 600
   */
  strangersMsPerSecond: number;
  /**
   * Seconds of such work that may be taken at once after a pause. Raising it spares large sessions the
   * pace; lowering it shortens the time in which a peer takes the whole processor, slice by slice.
   * @default 15
   */
  burstSeconds: number;
}

const DEFAULT_PEER_WORK: PeerWorkOptions = {
  peerMsPerSecond: 300,
  strangersMsPerSecond: 600,
  burstSeconds: 15,
};

/** What `PeerWork` needs. */
export interface PeerWorkInit {
  clock: Clock;
  /**
   * Peers that only their own rate binds; asked each time, so the answer may change.
   * @default none
   */
  knows?: Knows;
  /**
   * Milliseconds of the processor that this thread has used.
   * @default the clock, so that the time of other programs counts too
   */
  busyMs?: () => number;
  options?: Partial<PeerWorkOptions>;
}

const STRANGERS = 'strangers';

/** Paces the processor time that a peer costs, over all its sessions and all protocols. */
export class PeerWork {
  readonly #clock: Clock;
  readonly #knows: Knows;
  readonly #busyMs: () => number;
  readonly #peers: TokenBuckets;
  readonly #strangers: TokenBuckets;

  constructor({ clock, knows = () => false, busyMs, options }: PeerWorkInit) {
    const { peerMsPerSecond, strangersMsPerSecond, burstSeconds } = {
      ...DEFAULT_PEER_WORK,
      ...options,
    };
    const rate = (perSecond: number): TokenBuckets =>
      new TokenBuckets({ clock, perSecond, burstSeconds });
    this.#clock = clock;
    this.#knows = knows;
    this.#busyMs = busyMs ?? (() => clock.monotonic());
    this.#peers = rate(peerMsPerSecond);
    this.#strangers = rate(strangersMsPerSecond);
  }

  /** Runs work for a peer, and charges the time. */
  run<Result>(peer: string, work: () => Result): Result {
    const begin = this.#busyMs();
    try {
      return work();
    } finally {
      this.charge(peer, this.#busyMs() - begin);
    }
  }

  /** Charges a peer for work outside of slices. */
  charge(peer: string, ms: number): void {
    this.#peers.charge(peer, ms);
    if (!this.#knows(peer)) this.#strangers.charge(STRANGERS, ms);
  }

  /** Milliseconds until a peer owes nothing. */
  debtMs(peer: string): number {
    const own = this.#peers.debtMs(peer);
    return this.#knows(peer) ? own : Math.max(own, this.#strangers.debtMs(STRANGERS));
  }

  /**
   * Resolves once a peer owes nothing, after a turn of the event loop at least; rejects with the signal's
   * reason if that comes first.
   */
  rest(peer: string, signal: AbortSignal): Promise<void> {
    return delay(this.#clock, this.debtMs(peer), signal);
  }
}
