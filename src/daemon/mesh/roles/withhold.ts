import type { GossipSub } from '@libp2p/gossipsub';

export interface WithholdInit {
  /** The topic whose messages are withheld. */
  readonly topic: string;
  /** Peers that get them. */
  readonly givesTo: (peer: string) => boolean;
}

interface GossipRpc {
  readonly subscriptions: readonly unknown[];
  readonly messages: readonly { readonly topic: string }[];
  readonly control?: { readonly ihave?: readonly unknown[] } | undefined;
}

/** A part of gossipsub's class, which its interface leaves out. */
interface Sender {
  sendRpc(peer: string, rpc: GossipRpc): boolean;
  /** One frame for several peers; those that did not get it leave the set. */
  sendRpcInBatch(peers: Set<string>, rpc: GossipRpc): void;
  /** Offers of messages that go along with the next RPC to a peer. */
  readonly gossip: Map<string, unknown>;
}

/** Keeps messages of a topic, and offers of messages, from peers that get nothing. */
export function withhold(service: GossipSub, { topic, givesTo }: WithholdInit): void {
  const sender = service as GossipSub & Sender;
  const sendRpc = sender.sendRpc.bind(service);
  const sendInBatch = sender.sendRpcInBatch.bind(service);
  sender.sendRpc = (peer, rpc) => {
    if (givesTo(peer)) return sendRpc(peer, rpc);
    sender.gossip.delete(peer);
    const { ihave, ...control } = rpc.control ?? {};
    const messages = rpc.messages.filter((message) => message.topic !== topic);
    return sendRpc(peer, { ...rpc, messages, ...(rpc.control && { control }) });
  };
  sender.sendRpcInBatch = (peers, rpc) => {
    if (rpc.messages.some((message) => message.topic === topic)) {
      for (const peer of peers) if (!givesTo(peer)) peers.delete(peer);
    }
    sendInBatch(peers, rpc);
  };
}
