/** The codes of incidents; they are stable. docs/incidents.md explains them. */
export type PenaltyCode =
  | 'WRONG_BYTES'
  | 'WRONG_LENGTH'
  | 'FORGED_RECORD'
  | 'WRONG_FRAME'
  | 'WRONG_ANNOUNCEMENT'
  | 'FALSE_LIST'
  | 'FLOOD'
  | 'UNPROVED'
  | 'STALLED'
  | 'UNREACHABLE';

/** Where the peer did it. */
export type PenaltyProtocol = 'session' | 'fetch' | 'gossip' | 'discovery' | 'connection';

export interface PenaltyIncident {
  readonly code: PenaltyCode;
  readonly protocol: PenaltyProtocol;
}

/** Points of an incident. An honest peer does nothing that has 10 or more. */
export const WEIGHTS: Readonly<Record<PenaltyCode, number>> = {
  WRONG_BYTES: 30,
  WRONG_LENGTH: 30,
  FORGED_RECORD: 30,
  WRONG_FRAME: 20,
  WRONG_ANNOUNCEMENT: 20,
  FALSE_LIST: 15,
  FLOOD: 10,
  // One side is wrong, and that may be this node.
  UNPROVED: 5,
  // The network between may be to blame for both.
  STALLED: 2,
  UNREACHABLE: 1,
};
