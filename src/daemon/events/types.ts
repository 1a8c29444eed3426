import type { SessionReport } from '../../protocol/index.ts';

export const EVENT_TYPES = [
  'item',
  'session',
  'peer',
  'want',
  'refused',
  'incident',
  'config',
] as const;

export type EventType = (typeof EVENT_TYPES)[number];

/** What happened. Ids are bytes here; clients get hexadecimal digits. */
export type NodeEvent =
  /** An item was stored. */
  | { readonly type: 'item'; readonly hint: bigint; readonly id: Uint8Array }
  /** A session ended, in either role. */
  | ({ readonly type: 'session'; readonly missingThere: number | null } & Pick<
      SessionReport,
      'peer' | 'role' | 'dialect' | 'durationMs' | 'equal' | 'missing' | 'error'
    >)
  /** A peer with which sessions are possible came or went. */
  | {
      readonly type: 'peer';
      readonly peer: string;
      readonly change: 'connected' | 'disconnected';
    }
  /** A peer listed ids that are wanted now; the first of them, and how many there are. */
  | {
      readonly type: 'want';
      readonly peer: string;
      readonly id: Uint8Array;
      readonly ids: number;
    }
  /** One call of an operator kept items out, or let them in again; the first of its ids. */
  | {
      readonly type: 'refused';
      readonly change: 'added' | 'removed';
      readonly id: Uint8Array;
      /** Items whose refusal is new, or ended. */
      readonly ids: number;
      /** Held items that left the set. */
      readonly dropped: number;
    }
  /** A fault of the store. */
  | { readonly type: 'incident'; readonly code: string; readonly message: string }
  /** Keys of the configuration have other values now. */
  | { readonly type: 'config'; readonly changed: readonly string[] };

/** An event with its place in the order of this run. */
export interface ToldEvent {
  readonly number: number;
  /** Milliseconds since the epoch. */
  readonly at: number;
  readonly event: NodeEvent;
}

/** Events that a client did not get. */
export interface EventGap {
  /** Number of the last of them. */
  readonly number: number;
  /** Events of all types; null where the client came from another run of the daemon. */
  readonly missed: number | null;
}
