import { ProtocolError, reconciledBoth } from '../../../protocol/index.ts';
import type { Clock, Replica } from '../../../store/index.ts';
import type {
  DiffAnswer,
  DiffInit,
  LoggedSession,
  NodeExplain,
  PeerDetails,
  PeerProof,
  SessionsAnswer,
  SyncedAnswer,
  SyncedInit,
  WantsAnswer,
} from '../../explain-api.ts';
import type { Mesh } from '../../mesh/index.ts';
import type { Node } from '../../node-api.ts';
import type { Replicator, SessionEntry } from '../../replicator/index.ts';
import { isoTime } from '../../system/index.ts';
import { NEVER_PAUSED, type PausedView, refusePaused } from '../pausing/index.ts';
import { notKnown, ownPeer, unknownPeer } from '../peer-errors.ts';
import type { PeerViews } from '../peer-views.ts';
import { lastSession, provedAt } from '../status-view.ts';
import { diff } from './diff.ts';
import { Renewals } from './renewals.ts';
import { synced } from './synced.ts';
import { wantsPage } from './wants.ts';

export interface ExplanationsInit {
  replica: Replica;
  replicator: Replicator;
  clock: Clock;
  node: Pick<Node, 'verdict' | 'peers'>;
  mesh: {
    readonly peerId: string;
    readonly connections: Pick<Mesh['connections'], 'connected'>;
  };
  views: Pick<PeerViews, 'inSync'>;
  /** @default nothing is ever paused */
  paused?: PausedView;
}

/** The calls by which an operator asks a running node why. */
export class Explanations implements NodeExplain {
  readonly #init: ExplanationsInit;
  readonly #renewals: Renewals;

  constructor(init: ExplanationsInit) {
    this.#init = init;
    const { clock, replicator } = init;
    this.#renewals = new Renewals({ clock, run: (peer) => replicator.sessions.run(peer) });
  }

  synced(init: SyncedInit): Promise<SyncedAnswer> {
    const { clock, replicator } = this.#init;
    const renew = async (peers: readonly string[], pauseMs: number): Promise<void> => {
      if (replicator.sessions.cheap) await this.#renewals.run(peers, pauseMs);
    };
    return synced(init, { clock, renew, now: () => this.#now() });
  }

  async diff(init: DiffInit): Promise<DiffAnswer> {
    const { replicator, mesh, paused = NEVER_PAUSED } = this.#init;
    const { peerId } = init;
    if (peerId === mesh.peerId) throw ownPeer(peerId);
    refusePaused(paused, peerId);
    if (replicator.peers.get(peerId)?.connected !== true) {
      throw mesh.connections.connected(peerId) ? noDialect(peerId) : unknownPeer(peerId);
    }
    return diff(init, this.#init);
  }

  sessions(): SessionsAnswer {
    const { log, running } = this.#init.replicator;
    return {
      running: running.map(({ peer, report }) => ({
        peerId: peer,
        session: report && lastSession(report),
      })),
      ended: log.entries.map(logged),
    };
  }

  wants(init: Parameters<NodeExplain['wants']>[0]): Promise<WantsAnswer> {
    const { replicator, clock } = this.#init;
    return wantsPage(init, { wanted: replicator.wanted, clock });
  }

  peer(peerId: string): PeerDetails {
    const { replicator, node, mesh } = this.#init;
    if (peerId === mesh.peerId) throw ownPeer(peerId);
    const status = node.peers().find((peer) => peer.peerId === peerId);
    if (status === undefined) throw notKnown(peerId);
    const ofPeer = replicator.log.entries.filter(({ report }) => report.peer === peerId);
    return {
      ...status,
      ...this.#gap(peerId),
      wanted: replicator.wanted.listed(peerId),
      running: replicator.running.some(({ peer }) => peer === peerId),
      sessions: ofPeer.map(logged),
    };
  }

  #now(): Omit<SyncedAnswer, 'synced' | 'maxLagSeconds' | 'provedSince'> {
    const { replicator, node } = this.#init;
    const { wanted, fetcher, peers } = replicator;
    return {
      ...node.verdict(),
      wanted: wanted.size,
      orphans: wanted.orphans,
      refused: fetcher.refused.held,
      peers: peers.connectedOnes.map(({ peer }) => this.#peer(peer)),
    };
  }

  #peer(peer: string): PeerProof {
    const { replicator, clock, views } = this.#init;
    const { coversAsOf, coversSinceAsked, equalAsOf } = replicator.statements.of(peer);
    return {
      peerId: peer,
      inSync: views.inSync(peer),
      coversAsOf: provedAt(coversAsOf),
      coversSinceAsked: coversSinceAsked === null ? null : isoTime(coversSinceAsked),
      equalAsOf: provedAt(equalAsOf),
      lagSeconds: coversAsOf?.whole
        ? Math.round(Math.max(0, clock.now() - coversAsOf.at) / 100) / 10
        : null,
      ...this.#gap(peer),
      ...replicator.peers.terms(peer),
      error: replicator.peers.get(peer)?.lastSession?.error ?? null,
    };
  }

  #gap(peer: string): Pick<PeerProof, 'lacks' | 'lacksSince' | 'unlisted'> {
    const { lasting, since, unlisted } = this.#init.replicator.gaps.of(peer);
    return { lacks: lasting, lacksSince: since === null ? null : isoTime(since), unlisted };
  }
}

function logged({ number, report, ...entry }: SessionEntry): LoggedSession {
  const { peer: peerId, equal } = report;
  const purpose = reconciledBoth(report) ? entry.purpose : 'survey';
  const session = lastSession(report);
  // A survey finds out that sets differ, and not by how much.
  const told = equal || purpose !== 'survey';
  const missingThere = told ? session.missingThere : null;
  return { ...session, number, peerId, purpose, equal, missingThere };
}

function noDialect(peerId: string): ProtocolError {
  const message = `${peerId} is connected, and speaks no dialect that this node speaks: see sync.dialect`;
  return new ProtocolError('DIALECT_CANNOT_TELL', message);
}
