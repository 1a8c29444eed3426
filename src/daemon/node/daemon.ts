import { rm } from 'node:fs/promises';
import {
  type Announce,
  AnnounceService,
  commonware,
  type Dialect,
  type FetchService,
  type Knows,
  nativeDialect,
  PeerWork,
  protocolId,
  type ReconcileService,
  Turns,
} from '../../protocol/index.ts';
import { fetch, libp2pGossip, reconcile } from '../../protocol/libp2p.ts';
import { bytesToHex, type Random, type Replica } from '../../store/index.ts';
import { type Admin, type AdminInit, createAdmin } from '../admin/index.ts';
import { type AdminFile, adminFile, proofOf } from '../admin-file.ts';
import type { Config } from '../config/index.ts';
import { EventBus } from '../events/index.ts';
import { replaceFile } from '../files/index.ts';
import { loadIdentity, loadPsk, TokenFile } from '../keys/index.ts';
import type { Logger } from '../logging.ts';
import { type Access, admission, createMesh, type Mesh, peersFile } from '../mesh/index.ts';
import { Metrics } from '../metrics/index.ts';
import type { Node } from '../node-api.ts';
import { placeAt, Secrets } from '../own-files.ts';
import { Replicator, type ReplicatorObserver } from '../replicator/index.ts';
import { VERSION } from '../version.ts';
import {
  announceOptions,
  fetchOptions,
  meshOptions,
  reconcileOptions,
  replicatorOptions,
} from './config-options.ts';
import type { DaemonInit, System } from './init.ts';
import { figuresOf } from './metrics-figures.ts';
import { openReplica } from './open-replica.ts';
import { RunningNode } from './running-node.ts';
import { readTls } from './tls-files.ts';
import { wantsFile } from './wants-file.ts';

/** A daemon that runs. */
export interface Daemon {
  /** URL of the admin endpoint. */
  readonly admin: string;
  readonly peerId: string;
  /** For programs that run a node within themselves. */
  readonly node: Node;
  readonly replica: Replica;
  /** Lets running work end, then closes everything. Idempotent. */
  stop(): Promise<void>;
}

interface Services extends Record<string, unknown> {
  reconcile: ReconcileService;
  fetch: FetchService;
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

async function start(
  init: DaemonInit,
  undo: (() => Promise<unknown>)[],
  stop: () => Promise<void>,
): Promise<Daemon> {
  const { config, system, logger } = init;
  const { clock, random } = system;
  const directory = config.node.dataDir;
  const metrics = createMetrics(system);
  const events = new EventBus({ clock, random });
  const { replica, close } = await openHeard(init, metrics, events);
  undo.push(close);
  const path = config.admin.tokenFile;
  const replaced = (token: string): void => secrets.add(new TextEncoder().encode(token));
  const token = await TokenFile.open({ directory, path, random, logger, clock, replaced });
  const replicator = createReplicator(init, replica, [metrics.replicator, events]);
  const { busyMs = () => clock.monotonic() } = system;
  const knows: Knows = (peer) => mesh.names(peer);
  const work = new PeerWork({ clock, busyMs, knows });
  const parts = { replicator, work, knows, metrics };
  const mesh: Mesh<Services> = await createDaemonMesh(init, { replica, ...parts });
  undo.push(() => mesh.stop());
  await mesh.start();
  const announce = config.push.enabled ? createAnnounce(init, mesh, parts) : null;
  replicator.start({ ...mesh.libp2p.services, announce });
  undo.push(() => replicator.stop());
  announce?.start();
  undo.push(async () => announce?.stop());
  const secrets = await Secrets.of(config);
  const node = new RunningNode({
    replica,
    mesh,
    replicator,
    fetch: mesh.libp2p.services.fetch,
    clock,
    events,
    networkName: config.network.name,
    isSecret: secrets.has,
  });
  const figures = { replica, replicator, mesh, node, ...mesh.libp2p.services, logger };
  metrics.readFrom(() => figuresOf(figures));
  const [key, place] = [bytesToHex(random.bytes(32)), await placeAt(directory)];
  const prove = (challenge: string) => proofOf(key, place, challenge);
  const admin = await createDaemonAdmin(init, { node, token, prove, metrics });
  const url = await admin.listen();
  undo.push(() => admin.close());
  const { socket, tls } = config.admin;
  const file = { url, pid: process.pid, key, tokenFile: token.path, socket, cert: tls.cert };
  await announceAdmin(directory, file, secrets);
  undo.push(() => rm(adminFile(directory), { force: true }));
  const shown = { version: VERSION, admin: url, peerId: mesh.peerId, addresses: mesh.addresses };
  logger.info({ component: 'daemon', event: 'started', ...shown }, 'rangemesh is up');
  return {
    admin: url,
    peerId: mesh.peerId,
    node,
    replica,
    async stop() {
      node.closing();
      await stop();
      logger.info({ component: 'daemon', event: 'stopped' }, 'rangemesh is down');
    },
  };
}

interface Parts {
  readonly replicator: Replicator;
  readonly work: PeerWork;
  readonly knows: Knows;
  readonly metrics: Metrics;
}

function createMetrics({ clock, processMetrics }: System): Metrics {
  return new Metrics({ version: VERSION, now: () => clock.now(), processMetrics });
}

/** The set, which tells metrics and events of its work. */
async function openHeard(
  init: DaemonInit,
  metrics: Metrics,
  events: EventBus,
): ReturnType<typeof openReplica> {
  const opened = await openReplica(init, {
    onWritten: metrics.store.written,
    onIncident: (incident) => events.incident(incident),
  });
  opened.replica.onCommit((added) => events.items(added));
  return opened;
}

function createReplicator(
  { config, system, logger }: DaemonInit,
  replica: Replica,
  observers: readonly Partial<ReplicatorObserver>[],
): Replicator {
  const { clock, random } = system;
  return new Replicator({
    replica,
    clock,
    random,
    logger: logger.child({ component: 'replicator' }),
    wantsFile: wantsFile(config.node.dataDir),
    observers,
    options: replicatorOptions(config),
  });
}

async function createDaemonAdmin(
  { config, system, logger }: DaemonInit,
  parts: Pick<AdminInit, 'node' | 'token' | 'prove'> & { readonly metrics: Metrics },
): Promise<Admin> {
  const { tls, tokenFile: _, ...rest } = config.admin;
  return createAdmin({
    ...rest,
    tls: await readTls(tls),
    ...parts,
    observer: parts.metrics.admin,
    limits: config.limits,
    clock: system.clock,
    logger: logger.child({ component: 'admin' }),
  });
}

async function createDaemonMesh(
  { config, system, logger }: DaemonInit,
  { replica, replicator, work, knows, metrics }: Parts & { readonly replica: Replica },
): Promise<Mesh<Services>> {
  const { clock, random, network } = system;
  const turns = new Turns({ clock });
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
    peering: { degree: config.network.degree },
    busy: (peer) => replicator.busyWith(peer),
    brought: (peer) => replicator.peers.get(peer)?.brought === true,
    version: VERSION,
    access: await accessOf(config, logger),
    dialects: dialects.map(({ name, version }) => protocolId(networkName, name, version)),
    services: {
      reconcile: reconcile({
        clock,
        networkName,
        dialects,
        refuses: (peer, id) => replicator.fetcher.refused.hasFrom(peer, id),
        snapshot: () => ({ snapshot: replica.snapshot(), version: replica.version }),
        events: replicator,
        work,
        turns,
        knows,
        log: logger.child({ component: 'reconcile' }),
        options: reconcileOptions(config),
      }),
      fetch: fetch({
        clock,
        networkName,
        serve: (ids, limits) => replica.serve(ids, limits),
        work,
        turns,
        knows,
        log: logger.child({ component: 'fetch' }),
        options: fetchOptions(config),
      }),
    },
    logger,
    clock,
    random,
    network,
    noticed: metrics.mesh.noticed,
    metrics: metrics.libp2p,
    options: meshOptions(config),
  });
}

function createAnnounce(
  { config, system, logger }: DaemonInit,
  { libp2p }: Mesh<Services>,
  { replicator, work, knows }: Parts,
): Announce {
  const gossip = libp2pGossip({ self: libp2p.peerId, pubsub: libp2p.services.pubsub });
  return new AnnounceService(gossip, {
    clock: system.clock,
    random: system.random,
    networkName: config.network.name,
    events: replicator.push,
    allowed: admission(config.access),
    work,
    knows,
    ...(system.loopDelayMs === undefined ? {} : { loopDelayMs: system.loopDelayMs }),
    log: logger.child({ component: 'announce' }),
    options: announceOptions(config),
  });
}

/** The preferred first. */
function dialectsOf({ sync }: Config, random: Random): Dialect[] {
  const native = nativeDialect({ random });
  if (sync.dialect === 'auto') return [native, commonware];
  return sync.dialect === 'native' ? [native] : [commonware];
}

async function accessOf({ access }: Config, logger: Logger): Promise<Access> {
  const { mode, peers, pskFile } = access;
  if (mode !== 'psk' || pskFile === null) return { mode, peers };
  return { mode, psk: await loadPsk(pskFile, logger) };
}

async function announceAdmin(directory: string, file: AdminFile, secrets: Secrets): Promise<void> {
  const text = new TextEncoder().encode(`${JSON.stringify(file)}\n`);
  secrets.add(text);
  await replaceFile(adminFile(directory), text);
}
