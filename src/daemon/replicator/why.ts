import type { ReconciliationSet } from '../../protocol/index.ts';
import { bytesToHex, type Replica } from '../../store/index.ts';
import type { FetchAttempt, Fetcher } from './fetching/index.ts';
import { isHeld } from './push/index.ts';
import { type WantsKeeper, wantEnd } from './upkeep/index.ts';

/** The reason why an item is not here; docs/architecture.md lists the places of a further state. */
export type Why =
  /** Peers have it, or had it. Times are in milliseconds since the epoch. */
  | {
      readonly state: 'wanted';
      /** To a minute. */
      readonly since: number;
      /** Two peers that have delivered items have listed it. */
      readonly confirmed: boolean;
      /** Connected peers that may be asked for it. */
      readonly sources: readonly string[];
      /** The last request to each source that did not bring it, the oldest first. */
      readonly attempts: readonly FetchAttempt[];
      /** The peer it is being fetched from, or null. */
      readonly fetchingFrom: string | null;
      /** Payload bytes by the word of a peer, or null. */
      readonly bytes: number | null;
      /** When it is given up; once it is confirmed, that is later. */
      readonly expiresAt: number;
    }
  /** Peers have it, and these say that it is above our limits. */
  | { readonly state: 'refused'; readonly peers: readonly string[] }
  /** It was wanted for long, and it did not come. */
  | {
      readonly state: 'expired';
      readonly at: number;
      readonly attempts: readonly FetchAttempt[];
    }
  /** No peer has listed or announced it. */
  | { readonly state: 'unknown'; readonly attempts: readonly FetchAttempt[] };

export interface WhyInit {
  wanted: ReconciliationSet;
  refused: Pick<Fetcher['refused'], 'witnesses'>;
  attempts: Pick<Fetcher['attempts'], 'of'>;
  keeper: Pick<WantsKeeper, 'expiredAt'>;
  expireAfterMs: number;
}

interface WhysInit extends Pick<WhyInit, 'wanted' | 'expireAfterMs'> {
  fetcher: Pick<Fetcher, 'refused' | 'attempts'>;
  keeper: Pick<WantsKeeper, 'expiredAt' | 'expired'>;
  replica: Pick<Replica, 'contains'>;
}

/** Why items are not here, as far as the want list knows. */
export class Whys {
  readonly #init: WhysInit;

  constructor(init: WhysInit) {
    this.#init = init;
  }

  of(id: Uint8Array): Why {
    const { refused, attempts } = this.#init.fetcher;
    return why(id, { ...this.#init, refused, attempts });
  }

  /**
   * Up to `limit` of the ids that are not here, and of which `of` knows more than nothing, that begin with
   * these hexadecimal digits: wanted ones, then refused ones, then expired ones.
   */
  missingWith(prefix: string, limit: number): Uint8Array[] {
    const { wanted, fetcher, keeper, replica } = this.#init;
    const found = new Map<string, Uint8Array>();
    for (const ids of [wanted.missing(), fetcher.refused.ids(), keeper.expired()]) {
      for (const id of ids) {
        if (found.size >= limit) return [...found.values()];
        const hex = bytesToHex(id);
        if (hex.startsWith(prefix) && !isHeld(replica, id)) found.set(hex, id);
      }
    }
    return [...found.values()];
  }
}

/** Why an item is not here, as far as the want list knows. */
export function why(id: Uint8Array, init: WhyInit): Why {
  const { wanted, expireAfterMs, refused, attempts, keeper } = init;
  const want = wanted.want(id);
  if (want === undefined) {
    const peers = refused.witnesses(id);
    if (peers.length > 0) return { state: 'refused', peers };
    const at = keeper.expiredAt(id);
    const tried = attempts.of(id);
    if (at === undefined) return { state: 'unknown', attempts: tried };
    return { state: 'expired', at, attempts: tried };
  }
  return {
    state: 'wanted',
    since: want.since,
    confirmed: want.confirmed,
    sources: wanted.sources(id),
    attempts: attempts.of(id),
    fetchingFrom: wanted.claimedBy(id) ?? null,
    bytes: wanted.length(id) ?? null,
    expiresAt: wantEnd(want, expireAfterMs),
  };
}
