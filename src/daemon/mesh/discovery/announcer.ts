import {
  type GossipSub,
  type Message,
  type SubscriptionChangeData,
  TopicValidatorResult,
} from '@libp2p/gossipsub';
import type { PeerId } from '@libp2p/interface';
import type { Multiaddr } from '@multiformats/multiaddr';
import {
  type GossipAdmission,
  type GossipArrival,
  type Knows,
  TokenBuckets,
  TotalRate,
} from '../../../protocol/index.ts';
import type { Clock, Random } from '../../../store/index.ts';
import type { Logger } from '../../logging.ts';
import type { PeerAnnouncement, PeerVerdict } from './known-peers.ts';
import type { DiscoveryOptions } from './options.ts';
import { decodeRecord, encodeRecord } from './record.ts';
import { Trickle } from './trickle.ts';

/** The part of gossipsub that is used; it must run with signatures. */
export type DiscoveryGossip = Pick<
  GossipSub,
  'subscribe' | 'unsubscribe' | 'publish' | 'getSubscribers' | 'topicValidators'
> &
  Pick<GossipSub, 'addEventListener' | 'removeEventListener'> & {
    readonly admissions: Map<string, GossipAdmission>;
  };

export interface AnnouncerInit {
  readonly gossip: DiscoveryGossip;
  readonly topic: string;
  readonly self: PeerId;
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
  readonly options: DiscoveryOptions;
  /** Addresses of this node. */
  addresses(): readonly Multiaddr[];
  /** Number of known peers. */
  known(): number;
  take(announcement: PeerAnnouncement): PeerVerdict;
  /** Neighbours that a quarter of all checks is kept for. */
  readonly knows: Knows;
  /** The neighbour passed on a record that no honest node accepts. */
  forged(peer: string): void;
}

/** Announcements that a neighbour may pass on, copies included: those of a large mesh at once, and then a few a second. */
const ALLOWANCE = { perSecond: 50, burstSeconds: 40, maxKeys: 1_024 };

/** Announcements whose signatures are checked, of all neighbours together; copies are not checked. */
const CHECKS = { perSecond: 100, burstSeconds: 40 };

/** Tells the mesh the addresses of this node by gossip, and hears those of other nodes. */
export class Announcer {
  readonly #init: AnnouncerInit;
  readonly #trickle: Trickle;
  readonly #allowance: TokenBuckets;
  readonly #checks: TotalRate;

  constructor(init: AnnouncerInit) {
    this.#init = init;
    const { clock, knows } = init;
    this.#allowance = new TokenBuckets({ ...ALLOWANCE, clock });
    this.#checks = new TotalRate({ ...CHECKS, clock, knows });
    this.#trickle = new Trickle({
      ...init,
      bounds: () => this.#bounds(),
      fire: () => this.#announce(),
    });
  }

  start(): void {
    const { gossip, topic } = this.#init;
    gossip.admissions.set(topic, (arrival) => this.#admits(arrival));
    gossip.topicValidators.set(topic, (source, message) => this.#judge(source, message));
    gossip.addEventListener('subscription-change', this.#subscribed);
    gossip.subscribe(topic);
    this.#trickle.start();
  }

  stop(): void {
    const { gossip, topic } = this.#init;
    this.#trickle.stop();
    gossip.removeEventListener('subscription-change', this.#subscribed);
    gossip.topicValidators.delete(topic);
    gossip.admissions.delete(topic);
    gossip.unsubscribe(topic);
  }

  /** The addresses of this node, or the peers that should hear them, have changed. */
  changed(): void {
    this.#trickle.reset();
  }

  #admits({ from, copy }: GossipArrival): boolean {
    return this.#allowance.take(from) && (copy || this.#checks.take(from));
  }

  readonly #subscribed = ({ detail }: CustomEvent<SubscriptionChangeData>): void => {
    const { topic } = this.#init;
    if (detail.subscriptions.some((each) => each.subscribe && each.topic === topic)) this.changed();
  };

  #bounds() {
    const { announceMs, announcePerPeerMs, announceMaxMs } = this.#init.options;
    const minMs = Math.max(announceMs, announcePerPeerMs * this.#init.known());
    return { minMs, maxMs: Math.max(minMs, announceMaxMs) };
  }

  #announce(): boolean {
    const { gossip, topic, self, clock, logger, options } = this.#init;
    if (gossip.getSubscribers(topic).length === 0) return false;
    const record = encodeRecord({
      peerId: self,
      addresses: this.#init.addresses(),
      sequence: BigInt(clock.now()),
      maxAddresses: options.maxAddresses,
    });
    if (record === null) return true;
    gossip.publish(topic, record).catch((error: Error) => {
      logger.debug({ reason: error.message }, 'own addresses not announced');
    });
    return true;
  }

  /** Gossipsub delivers and forwards accepted messages; `source` answers for a rejected message. */
  #judge(source: PeerId, message: Message): TopicValidatorResult {
    let announcement: PeerAnnouncement;
    try {
      announcement = wordsOfItsOwn(message);
    } catch (error) {
      const fields = { peer: source.toString(), reason: (error as Error).message };
      this.#init.logger.debug(fields, 'announcement of addresses rejected');
      this.#init.forged(fields.peer);
      return TopicValidatorResult.Reject;
    }
    const verdict = this.#init.take(announcement);
    if (verdict === 'news') this.changed();
    return verdict === 'stale' ? TopicValidatorResult.Ignore : TopicValidatorResult.Accept;
  }
}

function wordsOfItsOwn(message: Message): PeerAnnouncement {
  const announcement = decodeRecord(message.data);
  if (message.type === 'signed' && message.from.toString() === announcement.peer)
    return announcement;
  throw new Error(`it tells the addresses of ${announcement.peer} in another's name`);
}
