import type { GossipSub } from '@libp2p/gossipsub';

/** Bytes of messages that are kept to be offered again, for all topics. */
const MAX_CACHE_BYTES = 16 * 1024 * 1024;

/** A message takes so much beside its own bytes. */
const ENTRY_BYTES = 1_024;

type Fields = Record<string, unknown>;

/** The part of gossipsub's class that keeps messages for some heartbeats, however long they are. */
interface MessageCache {
  readonly msgs: ReadonlyMap<string, unknown>;
  readonly history: { readonly length: number };
  put(id: { readonly msgIdStr: string }, message: Fields, validated?: boolean): boolean;
  shift(): void;
}

/**
 * Bounds the bytes of the messages that gossipsub keeps. Those that find no room are passed on, but not offered
 * again: to forget older ones would break offers already made, for which peers blame this node.
 */
export function boundCache(service: GossipSub): void {
  const { mcache } = service as unknown as { readonly mcache: MessageCache };
  const put = mcache.put.bind(mcache);
  const shift = mcache.shift.bind(mcache);
  /** Bytes by heartbeat, the latest first. */
  const windows = Array.from({ length: mcache.history.length }, () => 0);
  mcache.put = (id, message, validated) => {
    if (mcache.msgs.has(id.msgIdStr)) return false;
    const bytes = ENTRY_BYTES + bytesOf(message);
    if (windows.reduce((sum, each) => sum + each, bytes) > MAX_CACHE_BYTES) return false;
    windows[0]! += bytes;
    return put(id, owned(message), validated);
  };
  mcache.shift = () => {
    windows.pop();
    windows.unshift(0);
    shift();
  };
}

function bytesOf(message: Fields): number {
  return Object.values(message).reduce<number>((sum, value) => sum + lengthOf(value), 0);
}

function lengthOf(value: unknown): number {
  return value instanceof Uint8Array ? value.length : 0;
}

/** Copies of its fields, which would keep the whole RPC that they came in. */
function owned(message: Fields): Fields {
  const copies = Object.entries(message).map(([name, value]) => [
    name,
    value instanceof Uint8Array ? new Uint8Array(value) : value,
  ]);
  return Object.fromEntries(copies);
}
