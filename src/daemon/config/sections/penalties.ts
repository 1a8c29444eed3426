import { DEFAULT_PENALTY_OPTIONS, type PenaltyOptions } from '../../penalties/options.ts';
import { integer, reloadable, type Section, section } from '../leaves.ts';

export type PenaltiesConfig = PenaltyOptions;

export const penalties: Section<PenaltiesConfig> = section({
  banScore: reloadable(integer([0, 1_000_000], DEFAULT_PENALTY_OPTIONS.banScore)).describe(
    'Score at which a peer is banned for a while; 0: no peer is',
  ),
  minPeers: reloadable(integer([0, 100_000], DEFAULT_PENALTY_OPTIONS.minPeers)).describe(
    'Connected peers that bans leave',
  ),
});
