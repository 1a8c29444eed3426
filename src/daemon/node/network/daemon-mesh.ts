import {
  type Announce,
  AnnounceService,
  type ClockService,
  commonware,
  type Dialect,
  type FetchService,
  type HeldSnapshot,
  type Knows,
  nativeDialect,
  type PeerWork,
  protocolId,
  type ReconcileService,
  RootHistory,
  type Traffic,
  type Turns,
} from '../../../protocol/index.ts';
import { clocks, fetch, libp2pGossip, reconcile } from '../../../protocol/libp2p.ts';
import {
  lthash,
  type Random,
  type Replica,
  type Snapshot,
  subRange,
  ZERO_BOUND,
} from '../../../store/index.ts';
import type { Config } from '../../config/index.ts';
import { loadIdentity, loadPsk } from '../../keys/index.ts';
import type { Logger } from '../../logging.ts';
import { type Access, createMesh, type Mesh, type PeerRoles, peersFile } from '../../mesh/index.ts';
import type { Metrics } from '../../metrics/index.ts';
import { meshIncident, type Penalties } from '../../penalties/index.ts';
import type { Replicator } from '../../replicator/index.ts';
import { VERSION } from '../../version.ts';
import { announceOptions, fetchOptions, meshOptions, reconcileOptions } from '../config-options.ts';
import type { Guarding } from '../guarding/index.ts';
import type { DaemonInit } from '../init.ts';
import type { PausedPeers } from '../pausing/index.ts';
import type { ClockWatch } from './clock-watch.ts';
import type { RoleNotices } from './role-notices.ts';

/** The services of a daemon on its mesh. */
export interface Services extends Record<string, unknown> {
  reconcile: ReconcileService;
  fetch: FetchService;
  clocks: ClockService;
}

/** The parts that the services work with. */
interface Parts {
  readonly replicator: Replicator;
  readonly work: PeerWork;
  readonly turns: Turns;
  readonly traffic: Traffic;
  readonly knows: Knows;
  readonly paused: PausedPeers;
  readonly metrics: Metrics;
  readonly penalties: Penalties;
  readonly roles: PeerRoles;
  readonly roleNotices: RoleNotices;
  readonly accepted: Guarding['accepted'];
  readonly clockWatch: ClockWatch;
}

type DaemonMeshParts = Parts & { readonly replica: Replica };

/** Sessions and fetching. */
function servicesOf(
  { config, system: { clock, random }, logger }: DaemonInit,
  { replica, replicator, work, turns, traffic, knows, paused, ...parts }: DaemonMeshParts,
  dialects: readonly Dialect[],
) {
  const { roles, roleNotices, accepted, clockWatch } = parts;
  const networkName = config.network.name;
  const history = new RootHistory({ scheme: lthash });
  replica.onCommit((added) => history.added(added));
  return {
    reconcile: reconcile({
      clock,
      networkName,
      dialects,
      refuses: (peer, id) => replicator.refuses(peer, id),
      // Of one moment: items that are removed in between would lie inside and be missing.
      snapshot: (peer) => ({
        snapshot: roles.givesTo(peer) ? replica.snapshot() : masked(replica.snapshot()),
        version: replica.version,
        history: history.now(),
        shortItem: (id, maxBytes) => replica.short(id, maxBytes),
        accepts: accepted.interval,
        terms: termsOf(roles, replica, peer),
      }),
      events: paused.over(replicator),
      answers: paused.answers,
      work,
      traffic,
      turns,
      knows,
      log: logger.child({ component: 'reconcile' }),
      options: reconcileOptions(config),
    }),
    clocks: clocks({ clock, random, networkName, onReading: clockWatch.heard }),
    fetch: fetch({
      clock,
      networkName,
      serve: (ids, limits) => replica.serve(ids, limits),
      serveRange: (range) => replica.range(range),
      answers: paused.answers,
      refusal: roleNotices.requestRefusal,
      work,
      traffic,
      turns,
      knows,
      log: logger.child({ component: 'fetch' }),
      options: fetchOptions(config),
    }),
  };
}

/** The mesh of a daemon with its services, not started. */
export async function createDaemonMesh(
  init: DaemonInit,
  parts: DaemonMeshParts,
): Promise<Mesh<Services>> {
  const { config, system, logger } = init;
  const { replicator, traffic, turns, metrics, penalties, roles, paused } = parts;
  const { clock, random, network } = system;
  const dialects = dialectsOf(config, random);
  const { name: networkName, listen, announce, peers, discovery, mdns } = config.network;
  const directory = config.node.dataDir;
  return createMesh<Services>({
    listen,
    announce,
    peers,
    discovery,
    mdns,
    identity: await loadIdentity({ directory, random, logger }),
    networkName,
    peersFile: peersFile({ directory, networkName, logger: logger.child({ component: 'mesh' }) }),
    traffic,
    pace: turns,
    peering: { degree: config.network.degree },
    busy: (peer) => replicator.busyWith(peer),
    brought: (peer) => replicator.peers.get(peer)?.brought === true,
    banned: (peer) => penalties.isBanned(peer),
    givesTo: (peer) => roles.givesTo(peer) && !paused.has(peer),
    misbehaved: (peer, code) => penalties.report(peer, meshIncident(code)),
    version: VERSION,
    access: await accessOf(config, logger),
    dialects: dialects.map(({ name, version }) => protocolId(networkName, name, version)),
    services: servicesOf(init, parts, dialects),
    logger,
    clock,
    random,
    network,
    noticed: metrics.mesh.noticed,
    metrics: metrics.libp2p,
    options: meshOptions(config),
  });
}

/** Push over the gossip of the mesh, not started. */
export function createAnnounce(
  { config, system, logger }: DaemonInit,
  { libp2p, allows }: Mesh<Services>,
  { replicator, work, traffic, knows, paused }: Parts,
): Announce {
  const gossip = libp2pGossip({ self: libp2p.peerId, pubsub: libp2p.services.pubsub });
  return new AnnounceService(gossip, {
    clock: system.clock,
    random: system.random,
    networkName: config.network.name,
    events: replicator.push,
    allowed: (publisher) => allows(publisher) && !paused.has(publisher),
    work,
    traffic,
    knows,
    ...(system.loopDelayMs === undefined ? {} : { loopDelayMs: system.loopDelayMs }),
    log: logger.child({ component: 'announce' }),
    options: announceOptions(config),
  });
}

/** A peer that gets nothing sees no item. */
function masked(snapshot: Snapshot): Snapshot {
  return subRange(snapshot, ZERO_BOUND, ZERO_BOUND);
}

/** The role of the peer, as sessions tell it. */
function termsOf(
  roles: PeerRoles,
  replica: Pick<Replica, 'contains'>,
  peer: string,
): NonNullable<HeldSnapshot['terms']> {
  if (!roles.givesTo(peer)) return { gives: false, holds: (id) => replica.contains(id) };
  return roles.takesFrom(peer) ? {} : { takes: false };
}

/** The preferred first. */
function dialectsOf({ sync }: Config, random: Random): Dialect[] {
  const native = ([4, 3, 2, 1] as const).map((version) => nativeDialect({ random, version }));
  if (sync.dialect === 'auto') return [...native, commonware];
  return sync.dialect === 'native' ? native : [commonware];
}

async function accessOf({ access }: Config, logger: Logger): Promise<Access> {
  const { pskFile, pskFileOld, ...lists } = access;
  if (access.mode !== 'psk' || pskFile === null) return lists;
  const psk = await loadPsk(pskFile, logger);
  if (pskFileOld === null) return { ...lists, psk };
  return { ...lists, psk, pskOld: await loadPsk(pskFileOld, logger) };
}
