import type { ClockService } from '../../protocol/index.ts';
import type { AddressState, Mesh, PeerRoles } from '../mesh/index.ts';
import type { PeerStatus } from '../node-api.ts';
import { type Penalties, standingOf } from '../penalties/index.ts';
import type { Replicator } from '../replicator/index.ts';
import type { AcceptedHints } from '../retention/index.ts';
import { isoTime } from '../system/index.ts';
import { clockApart } from './network/index.ts';
import { lastSession, provedAt } from './status-view.ts';
import type { ComparedPeer } from './verdict.ts';

export interface PeerViewsInit {
  mesh: Pick<Mesh, 'connections' | 'troubles' | 'spoken' | 'dialer' | 'discovery'>;
  roles: Pick<PeerRoles, 'of'>;
  penalties: Pick<Penalties, 'of' | 'bans'>;
  clocks: Pick<ClockService, 'of'>;
  /** @default hints of new items have no bound */
  accepted?: Pick<AcceptedHints, 'maxAheadMs'>;
  replicator: Pick<Replicator, 'peers' | 'statements' | 'proofs' | 'gaps'>;
}

/** The peers of a node in the terms of the admin endpoint. */
export class PeerViews {
  readonly #init: PeerViewsInit;

  constructor(init: PeerViewsInit) {
    this.#init = init;
  }

  /** Both sets are known to be equal, and the peer is one node whose sessions leave out no new items. */
  inSync(peer: string): boolean {
    const { replicator, mesh } = this.#init;
    const isOne = mesh.troubles.of(peer)?.code !== 'SAME_IDENTITY';
    return replicator.peers.inSync(peer) && isOne && this.#clockApart(peer) === null;
  }

  #clockApart(peer: string): ComparedPeer['clockApart'] {
    const { clocks, accepted } = this.#init;
    const offsetMs = clocks.of(peer)?.offsetMs ?? null;
    return clockApart({ peer, offsetMs, maxAheadMs: accepted?.maxAheadMs ?? null });
  }

  /** The connected peers as a verdict needs them. */
  compared(): ComparedPeer[] {
    const { peers, statements, proofs, gaps } = this.#init.replicator;
    return peers.connectedOnes.map(({ peer, lastSession }) => {
      const { coversAsOf } = statements.of(peer);
      const { refused = 0, refusedThere = 0 } = lastSession?.finding ?? {};
      return {
        peer,
        coversAsOf: coversAsOf?.whole === true ? coversAsOf : null,
        inSync: this.inSync(peer),
        late: proofs.late(peer),
        error: lastSession?.error ?? null,
        refused,
        refusedThere,
        terms: peers.terms(peer),
        gap: gaps.of(peer),
        clockApart: this.#clockApart(peer),
      };
    });
  }

  /** Peers met or wanted, then other known peers. */
  all(): PeerStatus[] {
    const shown = this.dealtWith();
    const ids = new Set(shown.map(({ peerId }) => peerId));
    const others = this.#init.mesh.discovery.peers
      .filter(({ peer }) => !ids.has(peer))
      .map(({ peer, addresses: [address = null] }) => ({ ...this.of(peer), address }));
    return [...shown, ...others];
  }

  /** Peers met since the start, then the wanted addresses whose peer was not met. */
  dealtWith(): PeerStatus[] {
    const { mesh, penalties, replicator } = this.#init;
    const { addresses } = mesh.dialer;
    const banned = penalties.bans.map(({ peer }) => peer);
    const records = replicator.peers.all().map(({ peer }) => peer);
    const met = new Set([...records, ...banned, ...mesh.connections.peers.keys()]);
    const notMet = addresses.filter(({ peerId }) => peerId === null || !met.has(peerId));
    const addressOf = (peer: string) => addresses.find(({ peerId }) => peerId === peer);
    return [
      ...[...met].map((peer) => this.of(peer, addressOf(peer))),
      ...notMet.map((address) => this.of(address.peerId, address)),
    ];
  }

  /** As the admin endpoint shows it. */
  of(peerId: string | null, wanted?: AddressState): PeerStatus {
    const { mesh, roles, penalties, replicator, clocks } = this.#init;
    const { connections, discovery } = mesh;
    const time = peerId === null ? null : clocks.of(peerId);
    const discovered = peerId !== null && discovery.knows(peerId);
    const connected = peerId !== null && connections.connected(peerId);
    const trouble = peerId === null ? null : mesh.troubles.of(peerId);
    const error = trouble ?? wanted?.lastError ?? null;
    const report = peerId === null ? null : (replicator.peers.get(peerId)?.lastSession ?? null);
    const proved = peerId === null ? null : replicator.statements.of(peerId);
    const { gives, takes } = replicator.peers.terms(peerId ?? '');
    return {
      peerId,
      address: (peerId === null ? null : connections.peers.get(peerId)) ?? wanted?.address ?? null,
      origin: wanted?.source ?? (discovered ? 'discovered' : 'inbound'),
      connected,
      inSync: connected && this.inSync(peerId),
      coversAsOf: provedAt(proved?.coversAsOf ?? null),
      equalAsOf: provedAt(proved?.equalAsOf ?? null),
      lastSession: report && lastSession(report),
      lastError: error === null ? null : { ...error, at: isoTime(error.at) },
      speaks: peerId === null ? null : mesh.spoken.of(peerId),
      standing:
        peerId === null
          ? standingOf('replicate', null)
          : standingOf(roles.of(peerId), penalties.of(peerId)),
      gives,
      takes,
      clockOffsetMs: time?.offsetMs ?? null,
      clockMeasuredAt: time === null ? null : isoTime(time.measuredAt),
    };
  }
}

/** Whether `rangemesh peers` or the configuration names the peer. */
export function isKnownPeer(
  peer: string,
  {
    mesh: { names, connections, discovery },
    penalties,
    replicator,
  }: {
    readonly mesh: Pick<Mesh, 'names' | 'connections' | 'discovery'>;
    readonly penalties: Pick<Penalties, 'bans'>;
    readonly replicator: { readonly peers: Pick<Replicator['peers'], 'get'> };
  },
): boolean {
  const met = connections.peers.has(peer) || replicator.peers.get(peer) !== undefined;
  const banned = penalties.bans.some((ban) => ban.peer === peer);
  return met || banned || names(peer) || discovery.knows(peer);
}
