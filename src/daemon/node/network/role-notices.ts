import { ProtocolError } from '../../../protocol/index.ts';
import type { Notices, PeerRoles } from '../../mesh/index.ts';
import type { ReplicatorObserver } from '../../replicator/index.ts';

interface RoleNoticesInit {
  readonly roles: Pick<PeerRoles, 'takesFrom' | 'givesTo'>;
  readonly notices: Pick<Notices, 'say'>;
}

/** Tells of peers that offer or ask for what their roles do not let them. */
export class RoleNotices {
  readonly #init: RoleNoticesInit;

  constructor(init: RoleNoticesInit) {
    this.#init = init;
  }

  readonly sessionEnded: ReplicatorObserver['sessionEnded'] = ({ peer, missing, finding }) => {
    if (this.#init.roles.takesFrom(peer) || missing + (finding?.refused ?? 0) === 0) return;
    this.#say(
      peer,
      'ROLE_READ',
      `Peer ${peer} may only read (access.read): its items are not taken`,
    );
  };

  /** Why requests of the peer are not answered; null: they are. */
  readonly requestRefusal = (peer: string): ProtocolError | null => {
    if (this.#init.roles.givesTo(peer)) return null;
    const message = `Peer ${peer} may only write (access.write): it gets no items`;
    this.#say(peer, 'ROLE_WRITE', message);
    return new ProtocolError('ROLE_WRITE', message);
  };

  #say(peer: string, code: string, message: string): void {
    this.#init.notices.say({ code, remote: peer, fields: { peer }, message });
  }
}
