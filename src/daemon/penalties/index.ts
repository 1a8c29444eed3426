/**
 * One score for each peer over all protocols. An incident adds to it, time takes from it, and a peer whose
 * score is too high is banned for a while.
 */

export { meshIncident, penaltyObserver } from './incidents.ts';
export { DEFAULT_PENALTY_OPTIONS, type PenaltyOptions } from './options.ts';
export {
  type Ban,
  Penalties,
  type PenaltiesInit,
  type PenaltyObserver,
  type PenaltyStanding,
} from './penalties.ts';
export { type PeerStanding, standingOf } from './view.ts';
export type { PenaltyCode, PenaltyIncident, PenaltyProtocol } from './weights.ts';
