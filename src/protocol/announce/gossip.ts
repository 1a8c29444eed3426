/** The judgement on a message. */
export type GossipVerdict =
  /** Right: passed on. */
  | 'accept'
  /** Not passed on, without blame. */
  | 'ignore'
  /** Wrong: not passed on, and counted against the peer it came from. */
  | 'reject';

/** A message of a topic as it came in. */
export interface GossipMessage {
  /** Its author, proved by a signature. */
  readonly publisher: string;
  /** The peer it came from. */
  readonly from: string;
  readonly data: Uint8Array;
}

/** A message as it arrives: nothing of it is proved yet. */
export interface GossipArrival {
  /** The peer it came from. */
  readonly from: string;
  readonly bytes: number;
  /** The message is known already. */
  readonly copy: boolean;
}

/**
 * Whether a message is looked at. Called for each that arrives, copies included, before its signature
 * is checked, since that costs more than all else.
 */
export type GossipAdmission = (arrival: GossipArrival) => boolean;

/** Called once for each admitted message, however many peers send it. */
export type GossipValidator = (message: GossipMessage) => GossipVerdict | Promise<GossipVerdict>;

/**
 * The port for messages that spread from peer to peer, each checked at every step. Order and delivery
 * are not promised. The daemon fills it with libp2p's gossipsub.
 */
export interface Gossip {
  readonly self: string;
  /**
   * Takes part in a topic; returns the way out.
   * @param admits default: all
   */
  subscribe(topic: string, validator: GossipValidator, admits?: GossipAdmission): () => void;
  /** Resolves with the number of peers it went to; rejects with `ProtocolError`. */
  publish(topic: string, data: Uint8Array): Promise<number>;
  /**
   * Whether any peer would get a message that is published now.
   * @default yes
   */
  heard?(topic: string): boolean;
  /** Whether a peer takes part in the topic and can be reached. */
  reaches(topic: string, peer: string): boolean;
  /** Copies of messages on the topic since the start, with the first of each. */
  copies(topic: string): number;
}
