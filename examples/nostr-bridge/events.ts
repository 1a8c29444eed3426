import { type NostrEvent, verifyEvent } from 'nostr-tools/pure';

/** Nostr counts seconds, and a node with `hints.unit: milliseconds` counts milliseconds. */
const MS = 1_000;

/**
 * An event as an item. Keys have a fixed order, so that all bridges make the same item of an event. The
 * id of the event is not the id of the item: that is a hash of hint and payload.
 */
export function itemOf(event: NostrEvent): { hint: bigint; payload: Uint8Array } {
  const { id, pubkey, created_at, kind, tags, content, sig } = event;
  const text = JSON.stringify({ id, pubkey, created_at, kind, tags, content, sig });
  return { hint: BigInt(created_at * MS), payload: new TextEncoder().encode(text) };
}

/** The event of a payload; undefined for other bytes, and for an event whose id or signature is wrong. */
export function eventOf(payload: Uint8Array): NostrEvent | undefined {
  try {
    const event: unknown = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(payload));
    return isSound(event) ? event : undefined;
  } catch {
    return undefined;
  }
}

/** Whether id and signature are right. Costs most of the processor time that a new event takes. */
export function isSound(value: unknown): value is NostrEvent {
  if (typeof value !== 'object' || value === null) return false;
  const event = value as NostrEvent;
  if (!Number.isSafeInteger(event.created_at * MS) || event.created_at < 0) return false;
  return verifyEvent(event);
}
