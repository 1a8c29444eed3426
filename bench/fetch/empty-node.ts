import { tmpdir } from 'node:os';
import { multiaddr } from '@multiformats/multiaddr';
import { pino } from 'pino';
import { Replicator } from '../../src/daemon/replicator/index.ts';
import { systemClock, systemDisk, systemRandom } from '../../src/daemon/system/index.ts';
import { commonware, nativeDialect } from '../../src/protocol/index.ts';
import { fetch, reconcile } from '../../src/protocol/libp2p.ts';
import { openDatabase, Replica } from '../../src/store/index.ts';
import { loopbackNode } from '../support/libp2p.ts';
import { NETWORK_NAME } from './full-peer.ts';

export interface Figures {
  /** Seconds from dialling to the last item on disk. */
  readonly seconds: number;
  readonly receivedBytes: number;
  /** Of all sessions until both sets were known to be equal with every peer, both directions. */
  readonly sessionBytes: number;
  /** Of the session that took most: of one that lists everything, where there is one. */
  readonly largestSessionBytes: number;
  /** Ids still wanted when all items were there, and after as long as it took to be rid of them. */
  readonly wanted: number;
  readonly wantedLater: number;
  /** Those among them that no connected peer lists. */
  readonly orphans: number;
}

/** Longest wait for ids that no peer has to leave the want list. */
const PATIENCE_MS = 60_000;

/** Longest wait for the sessions that close a catch-up; a peer that invents ids is never in sync. */
const CLOSING_MS = 10_000;

async function within(ms: number, condition: () => boolean): Promise<void> {
  const deadline = performance.now() + ms;
  while (!condition() && performance.now() < deadline) {
    await new Promise<void>((resolve) => systemClock.after(100, resolve));
  }
}

/** Starts an empty node, connects it to all peers, and measures until it holds `items` items. */
export async function catchUp(
  directory: string,
  addresses: readonly string[],
  items: number,
): Promise<Figures> {
  const logger = pino({ level: process.env.BENCH_LOG ?? 'silent' }, pino.destination(2));
  const clock = systemClock;
  const replica = await Replica.open({
    open: () => openDatabase(directory),
    clock,
    disk: systemDisk(tmpdir()),
  });
  // With one peer alone it lists everything in one session: the measure for all others.
  const options = addresses.length === 1 ? { catchUpItems: Number.MAX_SAFE_INTEGER } : {};
  const replicator = new Replicator({ replica, clock, random: systemRandom, logger, options });
  const sessions: number[] = [];
  const ended = replicator.ended.bind(replicator);
  replicator.ended = (report) => {
    sessions.push(report.bytesSent + report.bytesReceived);
    ended(report);
  };
  const libp2p = await loopbackNode({
    reconcile: reconcile({
      clock,
      networkName: NETWORK_NAME,
      dialects: [nativeDialect({ random: systemRandom }), commonware],
      refuses: (peer, id) => replicator.fetcher.refused.hasFrom(peer, id),
      snapshot: () => ({ snapshot: replica.snapshot(), version: replica.version }),
      events: replicator,
    }),
    fetch: fetch({
      clock,
      networkName: NETWORK_NAME,
      serve: (ids, limits) => replica.serve(ids, limits),
    }),
  });
  const all = Promise.withResolvers<void>();
  replica.onCommit(() => {
    if (replica.status().items >= items) all.resolve();
  });
  replicator.start(libp2p.services);
  const begin = performance.now();
  await Promise.all(addresses.map((address) => libp2p.dial(multiaddr(address))));
  await all.promise;
  const seconds = (performance.now() - begin) / 1_000;
  const { receivedBytes } = libp2p.services.fetch.totals;
  const wanted = replicator.wanted.size;
  await within(PATIENCE_MS, () => replicator.wanted.size === 0);
  const wantedLater = replicator.wanted.size;
  const peers = libp2p.getPeers().map(String);
  await within(CLOSING_MS, () => peers.every((peer) => replicator.peers.inSync(peer)));
  const sessionBytes = sessions.reduce((sum, bytes) => sum + bytes, 0);
  const orphans = replicator.wanted.orphans;
  await replicator.stop();
  await libp2p.stop();
  await replica.close();
  const largestSessionBytes = Math.max(...sessions);
  return {
    seconds,
    receivedBytes,
    sessionBytes,
    largestSessionBytes,
    wanted,
    wantedLater,
    orphans,
  };
}
