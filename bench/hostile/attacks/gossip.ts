import { randomBytes, randomInt } from 'node:crypto';
import type { GossipSub } from '@libp2p/gossipsub';
import { multiaddr } from '@multiformats/multiaddr';
import { encodeRecord as encodePeerRecord } from '../../../src/daemon/mesh/discovery/testing.ts';
import { discoveryTopic, pubsub } from '../../../src/daemon/mesh/testing.ts';
import { systemClock } from '../../../src/daemon/system/index.ts';
import { encodeFrame, encodeRecord } from '../../../src/protocol/announce/testing.ts';
import { itemId } from '../../../src/store/index.ts';
import { type Attack, keepTrying, restFor, type Target } from './attack.ts';
import { NETWORK_NAME, Stranger, TOPIC, withStrangers } from './stranger.ts';

const EPOCH_BYTES = 8;
const RECORDS = 1_000;
const COPIES = 100;
const PEERS_TOPIC = discoveryTopic(NETWORK_NAME);

/** One known item, announced in a new message each time. */
export const repeats: Attack = (target, begin) => {
  const item = record(1n, new Uint8Array(200));
  return publish(target, begin, 2, { perSecond: 400, records: () => ['items', [item]] });
};

/** One message with a right signature, again and again, bit by bit the same. */
export const copies: Attack = (target, begin) =>
  withStrangers({ count: 4, create: () => gossiper(target), begin }, (strangers, signal) =>
    keepTrying(4, signal, async (lane) => {
      const stranger = strangers[lane]!;
      await stranger.connect();
      const origin = { epoch: randomBytes(EPOCH_BYTES), sequence: 0 };
      const item = record(now(), randomBytes(200));
      await gossipOf(stranger).publish(TOPIC, encodeFrame('items', origin, [item]));
      const { mcache, streamsOutbound, sendRpc } = partsOf(stranger);
      const { message } = [...mcache.msgs.values()].at(-1)!;
      const rpc = { subscriptions: [], messages: Array(COPIES).fill(message) };
      while (!signal.aborted) {
        for (const peer of streamsOutbound.keys()) sendRpc.call(gossipOf(stranger), peer, rpc);
        await restFor(1, signal);
        if (stranger.libp2p.getConnections().length === 0) return;
      }
    }),
  );

/** Items of four bytes, a thousand in a message: what they cost on a disk is the index. */
export const tinyItems: Attack = (target, begin) =>
  publish(target, begin, 1, {
    perSecond: 20,
    records: () => {
      const items = Array.from({ length: RECORDS }, () => record(now(), randomBytes(4)));
      return ['items', items];
    },
  });

/** Keys of items that do not exist, confirmed by a second identity. */
export const inventedKeys: Attack = (target, begin) =>
  publish(target, begin, 2, {
    perSecond: 10,
    records: () => {
      const keys = Array.from({ length: RECORDS }, () =>
        encodeRecord({ hint: now(), id: randomBytes(32), length: 8_192 }),
      );
      return ['keys', keys];
    },
  });

/** Identities that tell of addresses at which there is no peer. */
export const forgedRecords: Attack = (target, begin) => {
  const signal = begin();
  return keepTrying(4, signal, async () => {
    const stranger = await gossiper(target);
    try {
      const { peerId } = stranger.libp2p;
      const addresses = Array.from({ length: 8 }, () =>
        multiaddr(`/ip4/127.0.0.${randomInt(1, 255)}/tcp/${randomInt(40_000, 60_000)}`),
      );
      const sequence = BigInt(Date.now());
      const bytes = encodePeerRecord({ peerId, addresses, sequence, maxAddresses: 8 })!;
      await gossipOf(stranger).publish(PEERS_TOPIC, bytes);
      await restFor(300, signal);
    } finally {
      await stranger.stop();
    }
  });
};

/** Messages, and how many of them an identity publishes in a second. */
export interface Flood {
  readonly perSecond: number;
  records(): ['items' | 'keys', Uint8Array[]];
}

/** Messages of new short items with such hints. */
export function newItems(hint: () => bigint): Flood {
  return { perSecond: 20, records: () => ['items', [record(hint(), randomBytes(200))]] };
}

function publish(
  target: Target,
  begin: () => AbortSignal,
  count: number,
  flood: Flood,
): Promise<void> {
  return withStrangers({ count, create: () => gossiper(target), begin }, (strangers, signal) =>
    keepTrying(count, signal, (lane) => publishAs(strangers[lane]!, signal, flood)),
  );
}

/** Publishes until the attack is over, or the connection of the identity. */
export async function publishAs(
  stranger: Stranger,
  signal: AbortSignal,
  flood: Flood,
): Promise<void> {
  await stranger.connect();
  const epoch = randomBytes(EPOCH_BYTES);
  for (let sequence = 0; !signal.aborted; sequence++) {
    const [kind, records] = flood.records();
    const frame = encodeFrame(kind, { epoch, sequence }, records);
    await gossipOf(stranger).publish(TOPIC, frame);
    await restFor(1_000 / flood.perSecond, signal);
    if (stranger.libp2p.getConnections().length === 0) return;
  }
}

async function gossiper({ address }: Target): Promise<Stranger> {
  const stranger = await Stranger.create(address, {
    services: { pubsub: pubsub(NETWORK_NAME, { clock: systemClock }) },
  });
  const gossip = gossipOf(stranger);
  for (const topic of [TOPIC, PEERS_TOPIC]) gossip.subscribe(topic);
  await stranger.connect();
  return stranger;
}

function gossipOf({ libp2p }: Stranger): GossipSub {
  return libp2p.services.pubsub as unknown as GossipSub;
}

/** Parts of gossipsub's class, which its interface leaves out. */
function partsOf(stranger: Stranger) {
  return gossipOf(stranger) as unknown as {
    sendRpc(peer: string, rpc: object): boolean;
    readonly streamsOutbound: ReadonlyMap<string, unknown>;
    readonly mcache: { readonly msgs: ReadonlyMap<string, { readonly message: object }> };
  };
}

function record(hint: bigint, payload: Uint8Array): Uint8Array {
  return encodeRecord({ hint, id: itemId(hint, payload), length: payload.length, payload });
}

function now(): bigint {
  return BigInt(Date.now());
}
