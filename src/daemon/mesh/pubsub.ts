import { type GossipSubComponents, gossipsub } from '@libp2p/gossipsub';
import { createTopicScoreParams } from '@libp2p/gossipsub/score';
import { announceTopic, protocolId } from '../../protocol/index.ts';
import { GossipGuard, type GossipGuardInit } from '../../protocol/libp2p.ts';
import { bytesToKey } from '../../store/index.ts';
import { type AdmittingGossip, admitFirst, boundCache, boundSeen } from './bounds/index.ts';
import { type KeptGossipSub, keepStreams } from './gossip-streams.ts';
import { type WithholdInit, withhold } from './roles/index.ts';

/** The topic on which nodes of a network announce their addresses. */
export function discoveryTopic(networkName: string): string {
  return protocolId(networkName, 'peers', 1);
}

/**
 * Longest RPC accepted in bytes. The longest one sent holds 192 KiB of messages, and offers of 5,000
 * messages, of 47 bytes each.
 */
const MAX_RPC_BYTES = 512 * 1024;

/** RPCs that have begun and hold more than 64 KiB, from all peers together, in bytes. */
const BEGUN_BYTES = 16 * 1024 * 1024;

/** Heartbeats, a second each, after which a begun RPC must have ended. */
const RPC_HEARTBEATS = 20;

/** Most bytes held for a peer that does not read. */
const MAX_UNREAD_BYTES = 4 * 1024 * 1024;

/**
 * Twice the bytes, and four times the messages, that an announcement's neighbour may pass on. What is over
 * that rate is left alone; what is over this one ends the stream.
 */
const RATES: Pick<GossipGuardInit, 'frames' | 'bytes'> = {
  frames: { own: 50, peer: 4_000, all: 16_000 },
  bytes: { own: 64 * 1024, peer: 8 * 1024 * 1024, all: 64 * 1024 * 1024 },
};

const GUARD: Omit<GossipGuardInit, 'clock' | 'knows' | 'blame' | 'traffic'> = {
  ...RATES,
  maxFrameBytes: MAX_RPC_BYTES,
  begunBytes: BEGUN_BYTES,
  maxLooks: RPC_HEARTBEATS,
};

/** How long a message is remembered, so that it is not taken for a new one. */
const SEEN_MS = 120_000;

/** How long a requested message may take until it is validated. */
const FOLLOWUP_MS = 60_000;

/** How long the score of a disconnected peer is remembered. */
const RETAIN_SCORE_MS = 600_000;

const MAX_AUTHOR_BYTES = 128;
const SEQNO_BYTES = 8;

/**
 * A peer earns at most 6 points and loses 20 times the square of its recent invalid messages. One such
 * message takes it out of the mesh; after three all its messages are ignored for some minutes. Quiet
 * peers and peers behind one address score like others: access decides which peers may connect.
 */
const TOPIC_SCORE = createTopicScoreParams({
  topicWeight: 1,
  timeInMeshWeight: 0.01,
  timeInMeshQuantum: 1_000,
  timeInMeshCap: 100,
  firstMessageDeliveriesWeight: 0.1,
  firstMessageDeliveriesDecay: 0.9,
  firstMessageDeliveriesCap: 50,
  meshMessageDeliveriesWeight: 0,
  meshFailurePenaltyWeight: 0,
  invalidMessageDeliveriesWeight: -20,
  invalidMessageDeliveriesDecay: 0.99,
});

export interface PubsubInit
  extends Pick<GossipGuardInit, 'clock' | 'knows' | 'blame' | 'traffic'>,
    Partial<Pick<WithholdInit, 'givesTo'>> {}

export interface MeshPubsub extends KeptGossipSub, AdmittingGossip {}

/**
 * Gossipsub for the topics of one network, and for no others; a part of the memory for begun messages is
 * kept for peers that it `knows`. Throws `INVALID_NETWORK_NAME`.
 */
export function pubsub(
  networkName: string,
  init: PubsubInit,
): (components: GossipSubComponents) => MeshPubsub {
  const topics = [announceTopic(networkName), discoveryTopic(networkName)];
  const create = gossipsub({
    allowedTopics: topics,
    globalSignaturePolicy: 'StrictSign',
    fallbackToFloodsub: false,
    doPX: false,
    emitSelf: false,
    allowPublishToZeroTopicPeers: true,
    ignoreDuplicatePublishError: true,
    batchPublish: true,
    // Each link that carries gossip brings every message once more.
    D: 3,
    Dlo: 2,
    Dhi: 4,
    Dscore: 2,
    Dout: 1,
    seenTTL: SEEN_MS,
    // Messages of the last two heartbeats are offered again.
    mcacheLength: 4,
    mcacheGossip: 2,
    // Announcements of keys are held longer than the default before they count as delivered.
    gossipsubIWantFollowupMs: FOLLOWUP_MS,
    fastMsgIdFn: publisherAndNumber,
    maxInboundStreams: 4,
    maxOutboundStreams: 4,
    maxInboundDataLength: MAX_RPC_BYTES,
    maxOutboundBufferSize: MAX_UNREAD_BYTES,
    maxTopicBytesPerPeer: 16 * 1024,
    decodeRpcLimits: {
      maxSubscriptions: 64,
      maxMessages: 5_000,
      maxIhaveMessageIDs: 5_000,
      maxIwantMessageIDs: 5_000,
      maxIdontwantMessageIDs: 512,
      maxControlMessages: 64,
      maxPeerInfos: 16,
    },
    scoreParams: {
      topics: Object.fromEntries(topics.map((topic) => [topic, TOPIC_SCORE])),
      IPColocationFactorWeight: 0,
      behaviourPenaltyThreshold: 6,
      behaviourPenaltyDecay: 0.9,
      retainScore: RETAIN_SCORE_MS,
    },
    scoreThresholds: { opportunisticGraftThreshold: 1 },
  });
  return (components) => {
    const { givesTo = () => true, ...guarded } = init;
    const service = keepStreams(
      create,
      components,
      new GossipGuard({ ...GUARD, ...guarded }),
      init.traffic,
    );
    const { sendsTo } = service;
    withhold(service, { topic: announceTopic(networkName), givesTo });
    boundSeen(service);
    boundCache(service);
    return Object.assign(service, admitFirst(service, topics), {
      sendsTo: (peer: string) => givesTo(peer) && sendsTo(peer),
    });
  };
}

/**
 * The key by which a repeat is found before its signature is checked; most copies are repeats. Only
 * messages with a right signature are remembered by it, so a forged message counts for nothing.
 */
function publisherAndNumber({ from, seqno }: { from?: Uint8Array; seqno?: Uint8Array }): string {
  if (from === undefined || seqno === undefined) return '';
  if (from.length > MAX_AUTHOR_BYTES || seqno.length !== SEQNO_BYTES) return '';
  return bytesToKey(from) + bytesToKey(seqno);
}
