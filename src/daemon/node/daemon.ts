import { type Knows, PeerWork, Turns } from '../../protocol/index.ts';
import { onBrokenInvariant, type Replica } from '../../store/index.ts';
import { Budgets, ClientCalls } from '../budgets/index.ts';
import type { NodeControl } from '../control-api.ts';
import { DaemonError } from '../errors.ts';
import { EventBus } from '../events/index.ts';
import type { ItemGuard } from '../guard/index.ts';
import type { Logger } from '../logging.ts';
import type { Mesh, PeerRoles } from '../mesh/index.ts';
import { Metrics } from '../metrics/index.ts';
import type { Node } from '../node-api.ts';
import { Secrets } from '../own-files.ts';
import { Replicator, type ReplicatorObserver } from '../replicator/index.ts';
import { VERSION } from '../version.ts';
import { replicatorOptions } from './config-options.ts';
import { nodeControl } from './control.ts';
import { openAdmin, openToken } from './endpoint/index.ts';
import { createGuarding, type Guarding } from './guarding/index.ts';
import type { DaemonInit, System } from './init.ts';
import { figuresOf } from './metrics-figures.ts';
import {
  ClockWatch,
  createAnnounce,
  createDaemonMesh,
  createPeerRules,
  type PeerRules,
  type Services,
  TwinWatch,
} from './network/index.ts';
import { openReplica } from './open-replica.ts';
import { loadPauses, Pausing } from './pausing/index.ts';
import { isKnownPeer } from './peer-views.ts';
import { RunningNode } from './running-node.ts';
import { wantsFile } from './wants-file.ts';

/** A daemon that runs. */
export interface Daemon {
  /** URL of the admin endpoint. */
  readonly admin: string;
  readonly peerId: string;
  /** For programs that run a node within themselves. */
  readonly node: Node;
  readonly control: NodeControl;
  readonly replica: Replica;
  /** Resolves with the reason if the daemon must not go on; it goes on until `stop`. */
  readonly failed: Promise<DaemonError>;
  /** Lets running work end, then closes everything. Idempotent. */
  stop(): Promise<void>;
}

/** Starts a node; rejects with `DaemonError` or `StoreError`, and then leaves nothing running. */
export async function startDaemon(init: DaemonInit): Promise<Daemon> {
  const undo: (() => Promise<unknown>)[] = [];
  const stop = async () => {
    for (const step of undo.splice(0).reverse()) {
      await step().catch((err) => init.logger.error({ err }, 'a part did not stop cleanly'));
    }
  };
  try {
    return await start(init, undo, stop);
  } catch (error) {
    await stop();
    throw error;
  }
}

async function start(init: DaemonInit, undo: Undo, stop: () => Promise<void>): Promise<Daemon> {
  const { config, system, logger } = init;
  const { clock } = system;
  const broken = watchInvariants(undo);
  const calls = new ClientCalls(clock);
  const turns = new Turns({ ...system, clientsAsk: () => calls.recent });
  const metrics = createMetrics(system, turns);
  const events = new EventBus(system);
  const { replica, close } = await openHeard(init, metrics, events, turns);
  undo.push(close);
  const token = await openToken(init, (content) => secrets.add(content));
  const parts = await replicate(init, { replica, metrics, events, turns, undo });
  const { mesh, replicator, roles, penalties, accepted, pruner, budgets, pausing, paused } = parts;
  const secrets = await Secrets.of(config);
  const node = new RunningNode({
    replica,
    mesh,
    ...{ roles, penalties, accepted },
    replicator,
    fetch: mesh.libp2p.services.fetch,
    reconcile: mesh.libp2p.services.reconcile,
    clocks: mesh.libp2p.services.clocks,
    budgets,
    clock,
    events,
    networkName: config.network.name,
    isSecret: secrets.has,
    paused: { peers: paused, pausing },
    retention: pruner,
  });
  const figures = { ...parts, ...mesh.libp2p.services, replica, node, logger };
  metrics.readFrom(() => figuresOf(figures));
  pruner.start();
  undo.push(() => pruner.stop());
  let closing = false;
  const control = nodeControl(init, {
    ...parts,
    ...{ replica, token, events },
    closing: () => closing,
  });
  const asked = (): void => calls.came();
  const url = await openAdmin(init, { node, control, metrics, token, secrets, asked, undo });
  const failed = Promise.race([watchTwins(init, mesh, undo), broken]);
  tellStarted(logger, { admin: url, peerId: mesh.peerId, addresses: mesh.addresses });
  return {
    admin: url,
    peerId: mesh.peerId,
    node,
    control,
    replica,
    failed,
    async stop() {
      closing = true;
      node.closing();
      await stop();
      logger.info({ component: 'daemon', event: 'stopped' }, 'rangemesh is down');
    },
  };
}

type Undo = (() => Promise<unknown>)[];

/** The parts that replication is made with. */
interface ReplicationInit {
  readonly replica: Replica;
  readonly metrics: Metrics;
  readonly events: EventBus;
  readonly turns: Turns;
  readonly undo: Undo;
}

/** All that replicates the set, running. */
async function replicate(init: DaemonInit, heard: ReplicationInit) {
  const { config, system, logger } = init;
  const { replica, metrics, events, turns, undo } = heard;
  const running = () => ({ replicator, mesh });
  const guards = await createGuards(init, heard, running);
  const made = { replica, turns, ...guards };
  const replicator = createReplicator(init, made, [metrics.replicator, events]);
  const { clock, busyMs = () => clock.monotonic() } = system;
  const knows: Knows = (peer) => mesh.names(peer);
  const services = () => mesh.libp2p.services;
  const pauses = await loadPauses({ directory: config.node.dataDir, logger, replicator, services });
  const { paused } = pauses;
  const work = new PeerWork({ clock, busyMs, knows });
  const budgets = startBudgets(init, undo);
  const { traffic } = budgets;
  const parts = { replicator, work, turns, traffic, knows, paused, metrics, ...guards };
  const mesh: Mesh<Services> = await createDaemonMesh(init, { replica, ...parts });
  undo.push(() => mesh.stop());
  await mesh.start();
  const announce = config.push.enabled ? createAnnounce(init, mesh, parts) : null;
  replicator.start({ ...mesh.libp2p.services, announce });
  undo.push(() => replicator.stop());
  for (const check of [guards.quotas, guards.policy?.check]) {
    check?.onTaking(() => replicator.lookAgain());
  }
  const pausing = new Pausing({
    ...{ ...pauses, peers: paused, self: mesh.peerId, announce, logger },
    knows: (peer) => isKnownPeer(peer, { ...guards, mesh, replicator }),
  });
  await pausing.start();
  undo.push(() => pausing.stop());
  return { ...parts, mesh, budgets, pausing };
}

function tellStarted(logger: Logger, shown: object): void {
  const fields = { component: 'daemon', event: 'started', version: VERSION, ...shown };
  logger.info(fields, 'rangemesh is up');
}

/** Resolves once another node with this identity is met. */
function watchTwins(
  { config: { network }, system: { clock } }: DaemonInit,
  mesh: Mesh<Services>,
  undo: Undo,
): Promise<DaemonError> {
  const twins = new TwinWatch({ mesh, clock, ...network });
  twins.start();
  undo.push(async () => twins.stop());
  return twins.found;
}

/** Resolves with the reason to end: the state of the process cannot be trusted any more. */
function watchInvariants(undo: Undo): Promise<DaemonError> {
  const { promise, resolve } = Promise.withResolvers<DaemonError>();
  const forget = onBrokenInvariant((error) => {
    const { code, message, ends } = error;
    if (ends === 'process') resolve(new DaemonError(code, message, { cause: error }));
  });
  undo.push(async () => forget());
  return promise;
}

function createMetrics({ clock, processMetrics }: System, pace: Turns): Metrics {
  return new Metrics({ version: VERSION, now: () => clock.now(), pace, processMetrics });
}

/** The set, which tells metrics and events of its work. */
async function openHeard(
  init: DaemonInit,
  metrics: Metrics,
  events: EventBus,
  bulk: Turns,
): ReturnType<typeof openReplica> {
  const opened = await openReplica(init, {
    bulk,
    onWritten: metrics.store.written,
    onIncident: (incident) => events.incident(incident),
  });
  opened.replica.onCommit((added) => events.items(added));
  return opened;
}

/** What peers may do and which items are taken; `running`: parts that are made with these at hand. */
async function createGuards(
  init: DaemonInit,
  parts: ReplicationInit,
  running: () => { replicator: Replicator; mesh: Mesh<Services> },
): Promise<PeerRules & Guarding & { clockWatch: ClockWatch }> {
  const rules = createPeerRules(init, parts, running);
  const guarding = await createGuarding(init, { ...parts, ...rules });
  const clockWatch = new ClockWatch({
    ...guarding,
    clock: init.system.clock,
    logger: init.logger.child({ component: 'mesh' }),
    incident: (incident) => parts.events.incident(incident),
  });
  return { ...rules, ...guarding, clockWatch };
}

interface ReplicatorParts {
  readonly replica: Replica;
  readonly turns: Turns;
  readonly guard: ItemGuard;
  readonly roles: PeerRoles;
  readonly observers: readonly Partial<ReplicatorObserver>[];
}

function createReplicator(
  { config, system: { clock, random }, logger }: DaemonInit,
  { replica, turns, guard, roles, observers }: ReplicatorParts,
  heard: readonly Partial<ReplicatorObserver>[],
): Replicator {
  return new Replicator({
    replica,
    bulk: turns,
    guard,
    givesTo: roles.givesTo,
    clock,
    random,
    logger: logger.child({ component: 'replicator' }),
    wantsFile: wantsFile(config.node.dataDir),
    observers: [...heard, ...observers],
    options: replicatorOptions(config),
  });
}

function startBudgets({ config, system }: DaemonInit, undo: (() => Promise<unknown>)[]): Budgets {
  const budgets = new Budgets({ ...system, options: config.budgets });
  budgets.start();
  undo.push(async () => budgets.stop());
  return budgets;
}
