export const DEFAULT_PENALTY_OPTIONS = {
  /** Score at which a peer is banned; 0: no peer is. Raising it forgives more. */
  banScore: 100 as number,
  /** Connected peers that bans leave. Raising it keeps more peers, whatever they do. */
  minPeers: 3 as number,
};

export type PenaltyOptions = Readonly<typeof DEFAULT_PENALTY_OPTIONS>;
