import type { Penalties } from '../../src/daemon/penalties/index.ts';

/** Of a node whose peers did nothing wrong. */
export const NO_PENALTIES: Pick<Penalties, 'of' | 'bans' | 'pardon'> = {
  of: () => ({ score: 0, last: null, bannedUntil: null }),
  bans: [],
  pardon: () => false,
};
