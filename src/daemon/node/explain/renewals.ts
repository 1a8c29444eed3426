import { BoundedMap, type Clock } from '../../../store/index.ts';

interface RenewalsInit {
  clock: Pick<Clock, 'monotonic'>;
  /** Runs a session with a peer; never rejects. */
  run: (peer: string) => Promise<void>;
}

interface Renewal {
  /** On the monotonic clock. */
  readonly startedAt: number;
  readonly session: Promise<void>;
}

const MAX_PEERS = 1_024;

/**
 * The sessions that readers cause. Readers need no token, so all of them together cause one session with each
 * peer in the time that they name; later readers join it.
 */
export class Renewals {
  readonly #init: RenewalsInit;
  readonly #last = new BoundedMap<string, Renewal>(MAX_PEERS);

  constructor(init: RenewalsInit) {
    this.#init = init;
  }

  /** Resolves when a session with each of these peers, begun within the last `pauseMs`, has ended. */
  async run(peers: readonly string[], pauseMs: number): Promise<void> {
    await Promise.all(peers.map((peer) => this.#run(peer, pauseMs)));
  }

  #run(peer: string, pauseMs: number): Promise<void> {
    const now = this.#init.clock.monotonic();
    const last = this.#last.get(peer);
    if (last !== undefined && now - last.startedAt < pauseMs) return last.session;
    const session = this.#init.run(peer);
    this.#last.set(peer, { startedAt: now, session });
    return session;
  }
}
