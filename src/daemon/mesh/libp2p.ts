import { noise } from '@chainsafe/libp2p-noise';
import { type YamuxMuxerInit, yamux } from '@chainsafe/libp2p-yamux';
import { identify } from '@libp2p/identify';
import type { ConnectionGater, ConnectionProtector, Libp2p, ServiceMap } from '@libp2p/interface';
import { type TCPComponents, tcp } from '@libp2p/tcp';
import { createLibp2p, type Libp2pOptions, type ServiceFactoryMap } from 'libp2p';
import type { Knows, TrafficMeter } from '../../protocol/index.ts';
import { type Clock, shortageOf } from '../../store/index.ts';
import { DaemonError, reasonOf } from '../errors.ts';
import type { Identity } from '../keys/index.ts';
import { type Logger, libp2pLogging } from '../logging.ts';
import { type InboundFailure, observed } from './dialling/index.ts';
import { localDiscovery } from './discovery/index.ts';
import type { MeshInit } from './init.ts';
import {
  cheapCiphers,
  cheapLengths,
  cheapSignatures,
  frugal,
  heardFrom,
  PacedReads,
  sendTogether,
} from './libp2p-patches/index.ts';
import type { MeshOptions } from './options.ts';
import { type MeshPubsub, pubsub } from './pubsub.ts';
import { runTag } from './standing/index.ts';

export interface AssemblyInit<S extends ServiceMap> {
  readonly identity: Identity;
  /** Gossip and local discovery stay among nodes of the same network. */
  readonly networkName: string;
  readonly listen: string[];
  readonly announce: string[];
  readonly version: string;
  /** Bytes by chance that tell this run of the node from others under the same identity. */
  readonly run: Uint8Array;
  /** Enciphers connections under a pre-shared key; null: there is none. */
  readonly protector: (() => ConnectionProtector) | null;
  readonly gater: ConnectionGater;
  readonly knows: Knows;
  readonly misbehaved?: MeshInit<S>['misbehaved'];
  readonly givesTo?: MeshInit<S>['givesTo'];
  readonly traffic?: Pick<TrafficMeter, 'charge'>;
  readonly services: ServiceFactoryMap<S>;
  readonly logger: Logger;
  readonly clock: Clock;
  readonly pace?: MeshInit<S>['pace'];
  readonly options: MeshOptions;
  readonly onInboundFailure: InboundFailure;
  readonly metrics?: NonNullable<Libp2pOptions['metrics']> | undefined;
  /** Called for peers that mDNS finds; null: no mDNS. */
  readonly foundLocally: ((peer: string, addresses: string[]) => void) | null;
}

/** Services of every node, besides those of `AssemblyInit.services`. */
export interface MeshServices extends ServiceMap {
  readonly pubsub: MeshPubsub;
}

/** A libp2p node, not started: TCP, Noise, Yamux, identify, gossipsub and further services. */
export async function assemble<S extends ServiceMap>(
  init: AssemblyInit<S>,
): Promise<Libp2p<S & MeshServices>> {
  const { networkName, foundLocally, protector, metrics, clock, pace } = init;
  const reads = pace === undefined ? null : new PacedReads({ clock, pace });
  cheapSignatures(init.identity.privateKey.publicKey);
  return createLibp2p({
    start: false,
    privateKey: init.identity.privateKey,
    nodeInfo: {
      name: 'rangemesh',
      version: init.version,
      userAgent: `rangemesh/${init.version} ${runTag(init.run)}`,
    },
    addresses: { listen: init.listen, announce: init.announce },
    logger: libp2pLogging(init.logger),
    connectionGater: init.gater,
    transports: [
      observed<TCPComponents>(tcp(), {
        connected: (connection) => {
          sendTogether(connection);
          reads?.add(connection);
        },
        inboundFailure: init.onInboundFailure,
        heard: heardFrom,
      }),
    ],
    connectionEncrypters: [cheapCiphers(cheapLengths(noise()))],
    streamMuxers: [frugal(yamux(streams(init.options)))],
    ...(protector !== null && { connectionProtector: protector }),
    ...(foundLocally && { peerDiscovery: [localDiscovery(networkName, foundLocally)] }),
    ...(metrics && { metrics }),
    ...limits(init.options),
    services: {
      ...init.services,
      identify: identify({ timeout: init.options.identifyTimeoutMs }),
      pubsub: pubsub(networkName, {
        clock: init.clock,
        knows: init.knows,
        ...(init.misbehaved && { blame: init.misbehaved }),
        ...(init.givesTo && { givesTo: init.givesTo }),
      }),
    },
  } as Libp2pOptions<S & MeshServices>);
}

/** Rejects with `LISTEN_FAILED`. */
export async function startListening(libp2p: Libp2p, listen: readonly string[]): Promise<void> {
  try {
    await libp2p.start();
  } catch (cause) {
    const text = reasonOf(cause);
    const [reason] = /(EADDRINUSE|EADDRNOTAVAIL|EACCES|EMFILE|ENFILE)[^\n]*/.exec(text) ?? [text];
    const advice =
      shortageOf(reason) ?? 'stop what listens there, or choose another address or port';
    const message = `Cannot listen on ${listen.join(', ')} (${reason}): ${advice}`;
    throw new DaemonError('LISTEN_FAILED', message, { cause });
  }
}

/** Never rejects. */
export async function stopWithin(
  libp2p: Libp2p,
  clock: Clock,
  timeoutMs: number,
  logger: Logger,
): Promise<void> {
  const { promise: timeout, resolve } = Promise.withResolvers<'timeout'>();
  const cancel = clock.after(timeoutMs, () => resolve('timeout'));
  try {
    if ((await Promise.race([libp2p.stop(), timeout])) !== 'timeout') return;
    logger.warn(
      { code: 'STOP_TIMEOUT' },
      `connections still open after ${timeoutMs} ms are left behind`,
    );
  } catch (error) {
    logger.warn({ err: error }, 'the network did not stop cleanly');
  } finally {
    cancel();
  }
}

function streams(options: MeshOptions): YamuxMuxerInit {
  return {
    maxInboundStreams: options.maxStreamsPerConnection,
    streamOptions: { maxStreamWindowSize: options.maxStreamWindowBytes },
  };
}

function limits(options: MeshOptions): Libp2pOptions {
  return {
    connectionManager: {
      maxConnections: options.maxConnections,
      maxIncomingPendingConnections: options.maxPendingInbound,
      inboundConnectionThreshold: options.maxInboundPerSecond,
      inboundUpgradeTimeout: options.handshakeTimeoutMs,
      addressDialTimeout: options.handshakeTimeoutMs,
      // A name may resolve to several addresses, which are tried one after the other.
      dialTimeout: 3 * options.handshakeTimeoutMs,
    },
    connectionMonitor: {
      pingInterval: options.pingIntervalMs,
      pingTimeout: { minTimeout: options.pingTimeoutMs },
    },
  };
}
