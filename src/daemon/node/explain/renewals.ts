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
/** Readers need no token, so that the sessions they cause are bounded. */
const PAUSE_MS = 1_000;

/** The sessions that readers cause: at most one a second with each peer, which later readers join. */
export class Renewals {
  readonly #init: RenewalsInit;
  readonly #last = new BoundedMap<string, Renewal>(MAX_PEERS);

  constructor(init: RenewalsInit) {
    this.#init = init;
  }

  /** Resolves when a session with each of these peers has ended. */
  async run(peers: readonly string[]): Promise<void> {
    await Promise.all(peers.map((peer) => this.#run(peer)));
  }

  #run(peer: string): Promise<void> {
    const now = this.#init.clock.monotonic();
    const last = this.#last.get(peer);
    if (last !== undefined && now - last.startedAt < PAUSE_MS) return last.session;
    const session = this.#init.run(peer);
    this.#last.set(peer, { startedAt: now, session });
    return session;
  }
}
