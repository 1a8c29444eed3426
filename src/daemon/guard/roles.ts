import type { PeerRoles } from '../mesh/index.ts';
import type { GuardCheck } from './guard.ts';

/** Refuses the items of peers that may only read. Of pushed items the publisher counts, which signed them. */
export function roleCheck({ takesFrom }: Pick<PeerRoles, 'takesFrom'>): GuardCheck {
  return {
    takesFrom,
    refusalOf(_key, { via, peer, publisher }) {
      const author = via === 'push' ? publisher : peer;
      if (author === null || takesFrom(author)) return null;
      const message = `peer ${author} may only read (access.read): its items are not taken`;
      return { code: 'ROLE_READ', message, lasting: false };
    },
  };
}
