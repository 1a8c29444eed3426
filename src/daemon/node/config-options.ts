import type {
  AnnounceOptions,
  FetchOptions,
  ReconcileOptions,
  SessionLimits,
} from '../../protocol/options.ts';
import { DEFAULT_INDEX, type IndexOptions, type ReplicaLimits } from '../../store/options.ts';
import type { Config } from '../config/index.ts';
import type { MeshOptions } from '../mesh/index.ts';
import type { ReplicatorOptions } from '../replicator/options.ts';

import type { RetentionOptions } from '../retention/options.ts';

// The options of each part from the configuration. Each key is named: a spread would hide a key that two
// sections share.

type KeysOf<Section> = Section extends unknown ? keyof Section : never;
/** Keys of these sections. A key of two of them is left out, so that to return it does not compile. */
type OwnKeys<Sections extends keyof Config> = {
  [One in Sections]: Exclude<keyof Config[One], KeysOf<Config[Exclude<Sections, One>]>>;
}[Sections];
/** All options of a part that these sections have a key for. */
type Given<Options, Sections extends keyof Config> = Pick<
  Options,
  keyof Options & OwnKeys<Sections>
>;

export function meshOptions({ network }: Config): Given<MeshOptions, 'network'> {
  const { maxConnections, reservedConnections } = network;
  const { maxConnectionsPerAddress, maxConnectionsPerSubnet } = network;
  return {
    maxConnections,
    reservedConnections,
    maxConnectionsPerAddress,
    maxConnectionsPerSubnet,
  };
}

export function replicatorOptions({
  sync,
  fetch,
  limits,
}: Config): Given<ReplicatorOptions, 'sync' | 'fetch' | 'limits'> {
  return {
    intervalMs: sync.intervalMs,
    intervalMinMs: sync.intervalMinMs,
    intervalMaxMs: sync.intervalMaxMs,
    jitter: sync.jitter,
    settleMs: sync.settleMs,
    settleMaxMs: sync.settleMaxMs,
    silenceMs: sync.silenceMs,
    proveMs: sync.proveMs,
    catchUpItems: sync.catchUpItems,
    sliceItems: sync.sliceItems,
    batchItems: fetch.batchItems,
    requestsPerPeer: fetch.requestsPerPeer,
    windowBytes: fetch.windowBytes,
    expireAfterMs: fetch.expireAfterMs,
    maxItemBytes: limits.maxItemBytes,
    publisherBytesPerSecond: limits.publisherBytesPerSecond,
    peerBytesPerSecond: limits.peerBytesPerSecond,
    peerBytesPerDay: limits.peerBytesPerDay,
  };
}

export function reconcileOptions({
  sync,
}: Config): Given<ReconcileOptions, 'sync'> & { limits: Given<SessionLimits, 'sync'> } {
  const { frameTimeoutMs, sessionTimeoutMs, maxSessions, link, itemBytes } = sync;
  const limits = { maxMessageBytes: sync.maxMessageBytes };
  return { frameTimeoutMs, sessionTimeoutMs, maxSessions, link, itemBytes, limits };
}

export function fetchOptions({ fetch, limits }: Config): Given<FetchOptions, 'fetch' | 'limits'> {
  const { requestsPerPeer, answerBytes, stallTimeoutMs } = fetch;
  const { maxItemBytes } = limits;
  return { maxItemBytes, requestsPerPeer, answerBytes, stallTimeoutMs };
}

export function announceOptions({ push }: Config): Given<AnnounceOptions, 'push'> {
  const { batchMs, inlineBytes, maxBytesPerSecond, overloadMs } = push;
  return { batchMs, inlineBytes, maxBytesPerSecond, overloadMs };
}

export function replicaLimits({ limits }: Config): Given<ReplicaLimits, 'limits'> {
  const { maxItemBytes, maxSetBytes, maxItems, minFreeBytes } = limits;
  return {
    maxItemBytes,
    maxSetBytes: maxSetBytes || Number.POSITIVE_INFINITY,
    maxItems: maxItems || Number.POSITIVE_INFINITY,
    minFreeBytes,
  };
}

export function retentionOptions({ retention }: Config): RetentionOptions {
  const { maxAge, minHint, maxBytes, maxClockGap } = retention;
  return { maxAge, minHint: BigInt(minHint), maxBytes, maxClockGap };
}

/** A session keeps its snapshot for as long as it may take. */
export function indexOptions({
  store,
  sync,
}: Config): Given<IndexOptions, 'store'> & Pick<IndexOptions, 'maxSnapshotAgeMs'> {
  const { bufferItems, cacheBytes } = store;
  const maxSnapshotAgeMs = Math.max(DEFAULT_INDEX.maxSnapshotAgeMs, sync.sessionTimeoutMs);
  return { bufferItems, cacheBytes, maxSnapshotAgeMs };
}
