import type { GossipSub } from '@libp2p/gossipsub';
import type { PeerId } from '@libp2p/interface';
import type { GossipAdmission } from '../../../protocol/index.ts';
import { concatBytes } from '../../../store/index.ts';

export interface AdmittingGossip {
  /** Asked for each message on a topic before its signature is checked. Without one, all are looked at. */
  readonly admissions: Map<string, GossipAdmission>;
  /** Messages on a topic that arrived since the start, copies included. */
  copies(topic: string): number;
}

/** A message within an RPC. */
interface RpcMessage {
  readonly topic: string;
  readonly from?: Uint8Array;
  readonly data?: Uint8Array;
  readonly seqno?: Uint8Array;
  readonly signature?: Uint8Array;
  readonly key?: Uint8Array;
}

/** A part of gossipsub's class, which its interface leaves out. */
interface Receiver {
  handleReceivedMessage(from: PeerId, message: RpcMessage): Promise<void>;
  fastMsgIdFn(message: RpcMessage): string;
  readonly fastMsgIdCache: { get(id: string): unknown };
  readonly gossipTracer: { readonly size: number; deliverMessage(id: string): void };
  readonly subscriptions: ReadonlySet<string>;
  msgIdToStrFn(id: Uint8Array): string;
}

/** Lets admissions decide which messages gossipsub looks at; none of topics that it takes no part in. */
export function admitFirst(service: GossipSub, topics: readonly string[]): AdmittingGossip {
  const receiver = service as GossipSub & Receiver;
  const admissions = new Map<string, GossipAdmission>();
  const arrived = new Map(topics.map((topic) => [topic, 0]));
  const handle = receiver.handleReceivedMessage.bind(receiver);
  receiver.handleReceivedMessage = async (from, message) => {
    const { topic } = message;
    if (arrived.has(topic)) arrived.set(topic, arrived.get(topic)! + 1);
    const copy = receiver.fastMsgIdCache.get(receiver.fastMsgIdFn(message)) !== undefined;
    const admission = admissions.get(topic);
    const arrival = { from: from.toString(), bytes: bytesOf(message), copy };
    if (admission?.(arrival) ?? receiver.subscriptions.has(topic)) await handle(from, message);
    else keepPromise(receiver, message);
  };
  return { admissions, copies: (topic) => arrived.get(topic) ?? 0 };
}

function bytesOf({ from, data, seqno, signature, key }: RpcMessage): number {
  const parts = [from, data, seqno, signature, key];
  return parts.reduce((sum, part) => sum + (part?.length ?? 0), 0);
}

/** Bytes before the public key in a peer id that holds it. */
const ID_PREFIX_BYTES = 2;

/** A peer that we asked for the message has sent it, and is not to blame that it was left alone. */
function keepPromise(receiver: Receiver, { from, seqno }: RpcMessage): void {
  if (receiver.gossipTracer.size === 0 || from === undefined || seqno === undefined) return;
  const id = concatBytes(from.subarray(ID_PREFIX_BYTES), seqno);
  receiver.gossipTracer.deliverMessage(receiver.msgIdToStrFn(id));
}
