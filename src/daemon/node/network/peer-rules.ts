import type { EventBus } from '../../events/index.ts';
import { type Mesh, Notices, PeerRoles } from '../../mesh/index.ts';
import type { Metrics } from '../../metrics/index.ts';
import { Penalties, penaltyObserver } from '../../penalties/index.ts';
import type { Replicator, ReplicatorObserver } from '../../replicator/index.ts';
import type { DaemonInit } from '../init.ts';
import type { Services } from './daemon-mesh.ts';
import { RoleNotices } from './role-notices.ts';

/** What peers may do, and what they did wrong. */
export interface PeerRules {
  readonly penalties: Penalties;
  readonly roles: PeerRoles;
  readonly roleNotices: RoleNotices;
  readonly observers: readonly Partial<ReplicatorObserver>[];
}

interface Heard {
  readonly metrics: Metrics;
  readonly events: EventBus;
  /** Gets what ends the parts. */
  readonly undo: (() => Promise<unknown>)[];
}

/** Parts that are made with these at hand. */
type Running = () => { readonly replicator: Replicator; readonly mesh: Mesh<Services> };

/** Throws `CONFIG_INVALID`. */
export function createPeerRules(init: DaemonInit, heard: Heard, running: Running): PeerRules {
  const { config, system, logger } = init;
  const { clock } = system;
  const { noticed } = heard.metrics.mesh;
  const penalties = createPenalties(init, heard, running);
  heard.undo.push(async () => penalties.stop());
  const roles = new PeerRoles(config.access);
  const notices = new Notices({ clock, logger: logger.child({ component: 'mesh' }), noticed });
  const roleNotices = new RoleNotices({ roles, notices });
  return { penalties, roles, roleNotices, observers: [penaltyObserver(penalties), roleNotices] };
}

function createPenalties(
  { config, system: { clock }, logger }: DaemonInit,
  { metrics, events }: Heard,
  running: Running,
): Penalties {
  return new Penalties({
    clock,
    logger: logger.child({ component: 'penalties' }),
    options: config.penalties,
    connected: () => running().replicator.peers.connectedOnes.map(({ peer }) => peer),
    named: (peer) => running().mesh.names(peer),
    cutOff: () => running().mesh.cutOff(),
    observer: {
      penalised: metrics.penalties.penalised,
      incident: (incident) => events.incident(incident),
    },
  });
}
