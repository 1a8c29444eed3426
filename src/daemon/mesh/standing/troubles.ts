import { BoundedMap, type Clock } from '../../../store/index.ts';
import type { Notices } from '../notices.ts';

/** Why a peer that can be reached is of no use, or is two nodes. */
export type TroubleCode = 'PEER_OF_OTHER_NETWORK' | 'NO_COMMON_DIALECT' | 'SAME_IDENTITY';

export interface PeerTrouble {
  readonly code: TroubleCode;
  readonly message: string;
  /** Milliseconds since the epoch. */
  readonly at: number;
}

/** Identities cost nothing; those told of longest ago make room. */
const MAX_PEERS = 1_024;

/** The trouble with each peer, until it is over. */
export class PeerTroubles {
  readonly #clock: Clock;
  readonly #notices: Notices;
  readonly #known = new BoundedMap<string, PeerTrouble & { readonly remote: string }>(MAX_PEERS);

  constructor({ clock, notices }: { readonly clock: Clock; readonly notices: Notices }) {
    this.#clock = clock;
    this.#notices = notices;
  }

  of(peer: string): PeerTrouble | null {
    const known = this.#known.get(peer);
    return known === undefined ? null : { code: known.code, message: known.message, at: known.at };
  }

  /** `remote`: who is told of once in the log. */
  tell(peer: string, code: TroubleCode, message: string, remote: string = peer): void {
    this.#known.set(peer, { code, message, at: this.#clock.now(), remote });
    this.#notices.say({ code, remote, fields: { peer }, message });
  }

  /** The next trouble of the kind is news again. */
  over(peer: string, code: TroubleCode): void {
    const known = this.#known.get(peer);
    if (known?.code !== code) return;
    this.#known.delete(peer);
    this.#notices.forget(known.remote, [code]);
  }
}
