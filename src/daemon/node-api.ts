import type { AnnounceTotals } from '../protocol/index.ts';
import type {
  Item,
  ItemKey,
  ListInit,
  PutResult,
  ReadOptions,
  Replica,
  ReplicaStatus,
  VerifyOptions,
  VerifyResult,
} from '../store/index.ts';

import type { BudgetsNow } from './budgets/index.ts';
import type { PauseState, RetentionStatus, ShownRefusal } from './control-api.ts';
import type { DaemonError } from './errors.ts';
import type { GuardError } from './guard/index.ts';
import type { DiscoveryStatus } from './mesh/index.ts';
import type { PeerStatus, ProvedAt, RefusalReason, SyncResult } from './peer-api.ts';
import type { CatchUpProgress, FetchAttempt } from './replicator/index.ts';

export type { LastSession, PeerStatus, ProvedAt, RefusalReason, SyncResult } from './peer-api.ts';

/** A running node as the admin endpoint and the CLI see it. */
export interface Node {
  status(): Status;
  peers(): PeerStatus[];
  /** Dials a multiaddr and keeps it among the peers to dial; rejects with `DaemonError`. */
  dial(address: string): Promise<PeerStatus>;
  /** Stops dialling the address; returns the addresses that were wanted. Throws `UNKNOWN_ADDRESS`. */
  forget(address: string): string[];
  /**
   * Forgets a peer that is not connected, and its addresses; resolves with those that were wanted. Rejects
   * with `UNKNOWN_PEER` and `PEER_CONNECTED`.
   */
  forgetPeer(peerId: string): Promise<string[]>;
  /** Forgets the penalties of a peer and ends its ban. Throws `UNKNOWN_PEER` if it has none. */
  pardon(peerId: string): PeerStatus;
  /** Whether this node has what its peers have. */
  verdict(): Verdict;
  /** Runs a session with one connected peer, or with all of them; resolves when they have ended. */
  sync(peerId?: string): Promise<SyncResult[]>;
  readonly bulk: BulkItems;
  /** Rejects with `OWN_SECRET` for the content of a key or token of this node. */
  put(payload: Uint8Array, hint?: bigint): Promise<PutResult>;
  get(id: Uint8Array, options?: ReadOptions): Promise<Item | undefined>;
  head(id: Uint8Array): Promise<{ hint: bigint; bytes: number } | undefined>;
  /**
   * Up to `limit` ids that begin with these digits: of held items and, with `wanted`, of those that are
   * wanted, refused or expired.
   */
  idsWith(
    prefix: string,
    init: { readonly limit: number; readonly wanted: boolean },
  ): Promise<Uint8Array[]>;
  /** Who keeps an item out by its id; null: it is not kept out. */
  refusal(id: Uint8Array): Omit<ShownRefusal, 'id'> | null;
  /** Whether an item is here, and if not, why. */
  why(id: Uint8Array): Promise<WhyAnswer>;
  list(init: ListInit): Promise<ItemKey[]>;
  /** The order in which items arrived. */
  readonly feed: ArrivalFeed;
  /** Checks the whole database while it is in use. Rejects with `STORE_REBUILDING` during a rebuild. */
  verify(options: VerifyOptions): Promise<VerifyResult>;
  /** Null while the event loop turns and the database takes writes, else why it does not. */
  broken(): RefusalReason | null;
  /** Listening, the index whole, and the first round of sessions has ended or timed out. */
  ready(): boolean;
}

/** An item that a client gives. */
export interface NewOwnItem {
  readonly payload: Uint8Array;
  /** Undefined: the wall time. */
  readonly hint: bigint | undefined;
}

/** Many items at once. */
export interface BulkItems {
  /**
   * Stores them together, in as few commits as they fit in. `OWN_SECRET` or a `GuardError` stands in place
   * of the result of an item that is not stored for this reason. Rejects if none was stored for another reason.
   */
  putMany(items: readonly NewOwnItem[]): Promise<(PutResult | DaemonError | GuardError)[]>;
  /** Whether each id is held. Rejects with `STORE_UNAVAILABLE` while the database cannot be read. */
  have(ids: readonly Uint8Array[]): Promise<boolean[]>;
  /** Items by id, some at a time, in order; null for ids that are not held. */
  getMany(ids: readonly Uint8Array[], hold: HoldMemory): AsyncGenerator<readonly (Item | null)[]>;
  /**
   * The items from hint `from` up to, but without, hint `to` as they are now. Throws `STORE_REBUILDING` or
   * `STORE_UNAVAILABLE` while there is no index.
   */
  stream(range: { readonly from: bigint; readonly to: bigint }): ItemStream;
}

/** Resolves once there is memory for an item above 1 MiB; the returned function gives the memory back. */
export type HoldMemory = (bytes: number) => Promise<() => void>;

/** A range of the set as it was at one moment. Holds a snapshot until it is released. */
export interface ItemStream {
  readonly items: number;
  /** Digest of the range. */
  readonly fingerprint: string;
  /** The items in order, some at a time. Rejects with `StoreError`, also in the midst. */
  read(hold: HoldMemory): AsyncGenerator<readonly Item[]>;
  /** Idempotent. */
  release(): void;
}

/** Reads the order of arrival, and hears of new items: see `Replica`. */
export type ArrivalFeed = Pick<Replica, 'arrivals' | 'onArrival'>;

/** Times are ISO 8601. */
export type WhyAnswer =
  | {
      readonly state: 'have';
      readonly hint: string;
      readonly bytes: number;
      /** Its place in the order of arrival; null while the order is written again. */
      readonly arrival: {
        readonly seq: number;
        /** Null: time and source are not known. */
        readonly at: string | null;
        /** The peer that sent it, or `local`. */
        readonly source: string | null;
        /** The node that announced it, if push brought it; null: unknown. */
        readonly publisher: string | null;
      } | null;
      /** False: the index does not list it, so that peers do not learn of it; null during a rebuild. */
      readonly indexed: boolean | null;
      /** Connected peers that lacked it in their last session over everything. */
      readonly lackedBy: readonly { peerId: string; since: string; at: string }[];
    }
  | {
      readonly state: 'wanted';
      readonly since: string;
      readonly confirmed: boolean;
      readonly sources: readonly string[];
      /** The last request to each source that did not bring it, the oldest first. */
      readonly attempts: readonly WhyAttempt[];
      readonly fetchingFrom: string | null;
      readonly bytes: number | null;
      readonly expiresAt: string;
    }
  | {
      readonly state: 'refused';
      /** Peers that say that it is above our limits. */
      readonly refusedAt: readonly string[];
      /** Who keeps it out; null: only its length does. */
      readonly refusal: Omit<ShownRefusal, 'id'> | null;
    }
  | ({ readonly state: 'expired'; readonly at: string } & Asked)
  | ({ readonly state: 'unknown' } & Asked);

/** Who was asked for an item that is not wanted: for this item by requests, for all items by sessions. */
export interface Asked {
  readonly attempts: readonly WhyAttempt[];
  readonly asked: readonly AskedPeer[];
}

/** See `FetchAttempt` of the replicator. */
export interface WhyAttempt extends Pick<FetchAttempt, 'outcome' | 'error'> {
  readonly peerId: string;
  readonly at: string;
}

/** A connected peer, and when sessions last compared with it. */
export interface AskedPeer {
  readonly peerId: string;
  /** Start of the last session; null: none since it connected. */
  readonly lastSession: string | null;
  /** All items that the peer held then are here: it did not hold this item then. */
  readonly coversAsOf: ProvedAt | null;
}

/** The answer of a call that ran sessions. */
export interface SyncAnswer extends Verdict {
  /** Each session found the sets of both sides equal, and there was one. */
  readonly equal: boolean;
  readonly sessions: readonly SyncResult[];
}

/**
 * `in-sync`: all that the connected peers held `lagSeconds` ago is here. `behind`: not proved in time.
 * `different`: items of peers are not taken here, or a clock is so wrong that new items are left out. `paused`: an
 * operator paused replication with a connected peer, or with all. `refusing`: no items are taken now. `rebuilding`,
 * `unreadable`: of the database.
 */
export type SyncState =
  | 'in-sync'
  | 'catching-up'
  | 'behind'
  | 'different'
  | 'alone'
  | 'paused'
  | 'refusing'
  | 'rebuilding'
  | 'unreadable'
  | 'stopping';

/** Whether this node has what its peers have. */
export interface Verdict {
  readonly state: SyncState;
  /** A sentence. */
  readonly reason: string;
  /** Age of the oldest `coversAsOf` of the connected peers; null when one of them has none. */
  readonly lagSeconds: number | null;
}

/** The answer of `GET /v1/status`. */
export interface Status
  extends Verdict,
    Pick<ReplicaStatus, 'rebuilding' | 'needsRefill' | 'commit' | 'quarantined' | 'scrub'> {
  readonly version: string;
  readonly peerId: string;
  readonly network: string;
  readonly addresses: readonly string[];
  readonly uptimeSeconds: number;
  readonly set: {
    readonly items: number;
    /** Of payloads. */
    readonly bytes: number;
    /** Bytes that `limits.maxSetBytes` counts. */
    readonly storedBytes: number;
    /** Null while the index is being built again, or the database opened again. */
    readonly fingerprint: string | null;
  };
  /** Ids known to be missing here. */
  readonly wanted: number;
  /** Those among them that no connected peer is known to have. */
  readonly orphans: number;
  /** How far catching up from several peers is; null unless this node is far behind. */
  readonly catchUp: CatchUpStatus | null;
  /** Items at peers above `limits.maxItemBytes`; the sets stay different by them. */
  readonly refused: number;
  /** Why puts and fetches are refused at the moment, or null. */
  readonly refusing: RefusalReason | null;
  /** The last 50 incidents of the store since the start, oldest first. */
  readonly incidents: readonly StoreIncident[];
  /**
   * Payload bytes from and to peers in requests and sessions since the start, repeats and partial items included;
   * those of pushed items are not.
   */
  readonly transfer: { readonly receivedBytes: number; readonly sentBytes: number };
  /** Bounds on the bytes of replication that hold now. */
  readonly budgets: BudgetsNow;
  /** Totals of push since the start; null when it is off. */
  readonly push: AnnounceTotals | null;
  readonly mesh: DiscoveryStatus;
  /** Peers with which an operator has paused replication. */
  readonly paused: PauseState;
  /** Which hints are kept, and the removal of other items. */
  readonly retention: RetentionStatus;
  /** Peers met since the start, and peers to dial; `/v1/peers` also has the known ones. */
  readonly peers: readonly PeerStatus[];
}

export interface CatchUpStatus extends Omit<CatchUpProgress, 'startedAt'> {
  /** ISO 8601. */
  readonly startedAt: string;
}

/** See `Incident` of the store. */
export interface StoreIncident extends RefusalReason {
  /** ISO 8601. */
  readonly at: string;
}
