import { type GossipSub, type Message, TopicValidatorResult } from '@libp2p/gossipsub';
import type { PeerId } from '@libp2p/interface';
import type { Gossip, GossipAdmission, GossipValidator, GossipVerdict } from '../announce/index.ts';
import { toProtocolError } from '../network/index.ts';

type UsedOfGossipSub =
  | 'subscribe'
  | 'unsubscribe'
  | 'publish'
  | 'getSubscribers'
  | 'topicValidators';

/** The used part of gossipsub; its messages must be signed (`StrictSign`). */
export interface Pubsub extends Pick<GossipSub, UsedOfGossipSub> {
  /**
   * Asked by topic for each message that arrives, before its signature is checked.
   * @default admission comes after that check
   */
  admissions?: Map<string, GossipAdmission>;
  /**
   * Copies of messages on a topic that came, the first of each included.
   * @default not counted
   */
  copies?(topic: string): number;
  /**
   * Whether a message published now would go to the peer.
   * @default true for subscribers
   */
  sendsTo?(peer: string): boolean;
}

/** What `libp2pGossip` needs. */
export interface Libp2pGossipInit {
  readonly self: PeerId;
  readonly pubsub: Pubsub;
}

const RESULTS: Record<GossipVerdict, TopicValidatorResult> = {
  accept: TopicValidatorResult.Accept,
  ignore: TopicValidatorResult.Ignore,
  reject: TopicValidatorResult.Reject,
};

/** The `Gossip` port over gossipsub, which must have been started. */
export function libp2pGossip({ self, pubsub }: Libp2pGossipInit): Gossip {
  const heard = (topic: string): boolean => pubsub.getSubscribers(topic).length > 0;
  return {
    self: self.toString(),
    subscribe(topic, validator, admits = () => true) {
      const { admissions, topicValidators } = pubsub;
      const admitted: GossipValidator = (message) => {
        const { from, data } = message;
        if (admissions !== undefined || admits({ from, bytes: data.length, copy: false })) {
          return validator(message);
        }
        return 'ignore';
      };
      admissions?.set(topic, admits);
      topicValidators.set(
        topic,
        async (from, message) => RESULTS[await judge(admitted, from, message)],
      );
      pubsub.subscribe(topic);
      return () => {
        pubsub.unsubscribe(topic);
        topicValidators.delete(topic);
        admissions?.delete(topic);
      };
    },
    async publish(topic, data) {
      // Gossipsub would sign it, and keep it for a while, though no peer listens.
      if (!heard(topic)) return 0;
      try {
        const { recipients } = await pubsub.publish(topic, data);
        return recipients.length;
      } catch (cause) {
        throw toProtocolError(cause, 'cannot publish');
      }
    },
    heard,
    reaches(topic, peer) {
      const subscribed = pubsub.getSubscribers(topic).some((id) => id.toString() === peer);
      return subscribed && (pubsub.sendsTo?.(peer) ?? true);
    },
    copies: (topic) => pubsub.copies?.(topic) ?? 0,
  };
}

/** With `StrictSign`, no message comes without an author. */
function judge(
  validator: GossipValidator,
  from: PeerId,
  message: Message,
): GossipVerdict | Promise<GossipVerdict> {
  if (message.type !== 'signed') return 'reject';
  const { data } = message;
  return validator({ publisher: message.from.toString(), from: from.toString(), data });
}
