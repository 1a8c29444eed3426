import type { ReconciliationSet } from '../../protocol/index.ts';
import type { Fetcher } from './fetching/index.ts';
import { type WantsKeeper, wantEnd } from './upkeep/index.ts';

/** The reason why an item is not here; docs/architecture.md lists the places of a further state. */
export type Why<Time = number> =
  /** Peers have it, or had it. */
  | {
      readonly state: 'wanted';
      /** To a minute. */
      readonly since: Time;
      /** Two peers that have delivered items have listed it. */
      readonly confirmed: boolean;
      /** Connected peers that may be asked for it. */
      readonly sources: readonly string[];
      /** The peer it is being fetched from, or null. */
      readonly fetchingFrom: string | null;
      /** Payload bytes by the word of a peer, or null. */
      readonly bytes: number | null;
      /** When it is given up; once it is confirmed, that is later. */
      readonly expiresAt: Time;
    }
  /** Peers have it, and it is above our limits. */
  | { readonly state: 'refused' }
  /** It was wanted for long, and it did not come. */
  | { readonly state: 'expired'; readonly at: Time }
  /** No peer has listed or announced it. */
  | { readonly state: 'unknown' };

export interface WhyInit {
  wanted: ReconciliationSet;
  refused: Pick<Fetcher['refused'], 'has'>;
  keeper: Pick<WantsKeeper, 'expiredAt'>;
  expireAfterMs: number;
}

/** Why an item is not here, as far as the want list knows. */
export function why(id: Uint8Array, init: WhyInit): Why {
  const { wanted, expireAfterMs } = init;
  const want = wanted.want(id);
  if (want === undefined) {
    if (init.refused.has(id)) return { state: 'refused' };
    const at = init.keeper.expiredAt(id);
    return at === undefined ? { state: 'unknown' } : { state: 'expired', at };
  }
  return {
    state: 'wanted',
    since: want.since,
    confirmed: want.confirmed,
    sources: wanted.sources(id),
    fetchingFrom: wanted.claimedBy(id) ?? null,
    bytes: wanted.length(id) ?? null,
    expiresAt: wantEnd(want, expireAfterMs),
  };
}
