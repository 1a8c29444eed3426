import type { CompactOptions, CompactResult, RefusedAdded, RefusedItem } from '../store/index.ts';
import type { ConfiguredKey } from './config/index.ts';
import type { LogLevel } from './logging.ts';

/** The operator's hold on a running daemon, beside `Node`. */
export interface NodeControl {
  configuration(): ConfigurationAnswer;
  /** Reads the configuration again and takes all keys that can change. Rejects, and changes nothing, at any mistake. */
  reload(): Promise<ReloadAnswer>;
  /** Counts until the next reload or start. */
  setLogLevel(level: LogLevel): void;
  /** Stops replication with a peer, or with all; `keep`: also after a restart. */
  pause(init: { readonly peerId?: string; readonly keep: boolean }): Promise<PauseState>;
  /** Ends the pause of a peer, or all pauses. */
  resume(peerId?: string): Promise<PauseState>;
  /** Believes the wall clock as it is; retention waits after a jump. */
  confirmRetention(): RetentionStatus;
  /** Has the database drop the space of removed records. */
  compact(options?: CompactOptions): Promise<CompactResult>;
  /** Keeps items out by their ids, and drops those that are held. Rejects with `TOO_MANY_REFUSED`. */
  refuse(init: { readonly ids: readonly string[]; readonly reason: string }): Promise<RefusedAdded>;
  /** Lets items in again. */
  unrefuse(init: { readonly ids: readonly string[] }): Promise<LetInAnswer>;
  /** Refused items by id, those behind `after`. */
  listRefused(init: {
    readonly limit: number;
    readonly after: string | null;
  }): Promise<RefusedPage>;
}

/** The answer of `DELETE /v1/refused`. */
export interface LetInAnswer {
  /** Ids that were refused. */
  readonly removed: number;
}

/** A refused item. */
export interface ShownRefusal extends Pick<RefusedItem, 'by' | 'reason'> {
  readonly id: string;
  /** ISO 8601. */
  readonly at: string;
  /** Null if it is unknown. */
  readonly hint: string | null;
}

/** The answer of `GET /v1/refused`. */
export interface RefusedPage {
  /** Refused ids. */
  readonly counts: { readonly operator: number; readonly policy: number };
  readonly items: readonly ShownRefusal[];
  /** For the next page; null on the last page. */
  readonly cursor: string | null;
}

/** The answer of `GET /v1/config`: every key as `section.key`. */
export interface ConfigurationAnswer {
  readonly keys: Readonly<Record<string, ConfiguredKey>>;
  /** Keys whose new values in the files wait for a restart, as of the last reload. */
  readonly needsRestart: readonly string[];
}

/** The answer of `POST /v1/config/reload`: keys as `section.key`. */
export interface ReloadAnswer {
  /** Keys whose new values count from now on. */
  readonly changed: readonly string[];
  /** Keys whose new values need a restart. */
  readonly needsRestart: readonly string[];
}

/** How far retention is: which items are kept, and the removal of others. */
export interface RetentionStatus {
  /** Items with lower hints are not accepted; null: all hints are. */
  readonly floor: string | null;
  /** The floor that the configuration asks for at present; null: none. */
  readonly goal: string | null;
  /** Items removed since the start, and their payload bytes. */
  readonly removedItems: number;
  readonly removedBytes: number;
  /** Items below the floor that are still held. */
  readonly left: number;
  /** The floor is being raised, or items are being removed, at this moment. */
  readonly running: boolean;
  /** Why the floor does not rise; null: nothing holds it up. */
  readonly waits: { readonly code: string; readonly message: string } | null;
}

/** The peers with which nothing is replicated. */
export interface PauseState {
  readonly all: boolean;
  /** Peers that were paused by their ids. */
  readonly peers: readonly string[];
  /** Whether the pause outlives a restart: of all, and of which peers. */
  readonly kept: { readonly all: boolean; readonly peers: readonly string[] };
}
