/** The link to a peer: it decides how many bytes a session spends to read fewer items. */
export interface SessionLink {
  /** Bytes that it carries in a millisecond. */
  readonly bytesPerMs: number;
  /** Milliseconds from a frame to the answer, computing being free. */
  readonly roundTripMs: number;
}

/**
 * `lean`: sessions take the fewest bytes, as for a thin link. `quick`: the least processor time, as for a
 * fat link. `auto`: the least time in all over the link to the peer.
 */
export type LinkChoice = 'lean' | 'auto' | 'quick';

/** The links that the choices stand for; that of `auto` is the link of a peer that was not measured. */
export const LINKS: Readonly<Record<LinkChoice, SessionLink>> = {
  lean: { bytesPerMs: 0.1, roundTripMs: 0 },
  auto: { bytesPerMs: 1_250, roundTripMs: 20 },
  quick: { bytesPerMs: 12_500, roundTripMs: 1.6 },
};
