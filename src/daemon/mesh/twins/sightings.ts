import type { Connection } from '@libp2p/interface';
import type { Clock } from '../../../store/index.ts';
import { type PeerTroubles, sameIdentity } from '../standing/index.ts';
import { idOf, type Tracked } from '../tracked.ts';
import type { Introducer } from './introducer.ts';

interface TwinSightingsInit {
  readonly clock: Clock;
  readonly troubles: PeerTroubles;
  readonly twinMs: number;
  readonly introducer: Pick<Introducer, 'met' | 'parted' | 'stop'>;
  /** Established connections with the peer. */
  established(peer: string): readonly Tracked[];
}

/** Notices identities under which several runs of a node are connected, and has these runs meet. */
export class TwinSightings {
  readonly #init: TwinSightingsInit;

  constructor(init: TwinSightingsInit) {
    this.#init = init;
  }

  /** A connection with each run of the peer, the run that connected last at the end. */
  runs(peer: string): Connection[] {
    const runs = new Map<string, Connection>();
    for (const { run, connection } of this.#init.established(peer)) {
      if (run !== null) runs.set(run, connection);
    }
    return [...runs.values()];
  }

  /** After a restart the old connection may last a little; two that both last belong to two nodes. */
  came(tracked: Tracked): void {
    const { clock, twinMs, troubles, introducer, established } = this.#init;
    if (tracked.run === null) return;
    const peer = idOf(tracked.connection);
    const twin = established(peer).find(({ run }) => run !== null && run !== tracked.run);
    if (twin === undefined) return;
    introducer.met(peer);
    tracked.cancelTwin = clock.after(twinMs, () => {
      if (!established(peer).includes(twin)) return;
      const both = [twin.connection, tracked.connection];
      troubles.tell(peer, 'SAME_IDENTITY', sameIdentity(peer, both));
    });
  }

  /** A connection with the peer has ended. Two nodes stay two, however many connections each has. */
  went(peer: string): void {
    if (this.runs(peer).length > 1) return;
    this.#init.introducer.parted(peer);
    this.#init.troubles.over(peer, 'SAME_IDENTITY');
  }

  stop(): void {
    this.#init.introducer.stop();
  }
}
