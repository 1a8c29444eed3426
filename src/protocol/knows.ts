/**
 * Whether the operator of this node names a peer. Other identities cost nothing, so that each bound over
 * all peers keeps a part for those it knows; asked each time, since the answer may change.
 */
export type Knows = (peer: string) => boolean;

/** The part of places or bytes that is kept for known peers. */
const KEPT_SHARE = 0.25;

/** How much of `total` strangers cannot fill. */
export function keptOf(total: number, knows: Knows | undefined): number {
  return knows === undefined ? 0 : Math.min(total - 1, Math.ceil(total * KEPT_SHARE));
}
