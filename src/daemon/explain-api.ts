import type { EventBus } from './events/index.ts';
import type { LastSession, Node, PeerStatus, SyncResult, Verdict } from './node-api.ts';

/** A running node that also explains itself. */
export interface ExplainedNode extends Node {
  readonly explain: NodeExplain;
  readonly events: Pick<EventBus, 'read' | 'place'>;
}

/** The calls by which an operator asks why. */
export interface NodeExplain {
  /** Whether this node is in sync, waiting for it for `waitMs` at most. */
  synced(init: SyncedInit): Promise<SyncedAnswer>;
  /** Compares with a connected peer, and fetches nothing. Rejects with `UNKNOWN_PEER`, `OWN_PEER` and others. */
  diff(init: DiffInit): Promise<DiffAnswer>;
  sessions(): SessionsAnswer;
  /** Wanted items by id, those behind `after`. */
  wants(init: { readonly limit: number; readonly after: string | null }): Promise<WantsAnswer>;
  /** Throws `UNKNOWN_PEER`, `OWN_PEER`. */
  peer(peerId: string): PeerDetails;
}

export interface SyncedInit {
  /** Oldest proof that counts. */
  readonly maxLagSeconds: number;
  /** Proofs that began before this count for nothing: ISO 8601, or the moment of the call; null: age alone counts. */
  readonly provedSince: string | null;
  readonly waitMs: number;
  /** Sessions renew proofs first; false: the answer comes at once, from the proofs there are. */
  readonly renews: boolean;
  readonly signal: AbortSignal;
}

/** The answer of `GET /v1/synced`. */
export interface SyncedAnswer extends Verdict {
  readonly synced: boolean;
  readonly maxLagSeconds: number;
  /** Every proof began then or later; a further call may name it. Null: the age of proofs alone counted. */
  readonly provedSince: string | null;
  readonly wanted: number;
  readonly orphans: number;
  readonly refused: number;
  /** The connected peers with which sessions are possible. */
  readonly peers: readonly PeerProof[];
}

/** The part of one peer in a verdict. */
export interface PeerProof
  extends Pick<PeerStatus, 'inSync' | 'coversAsOf' | 'equalAsOf' | 'gives' | 'takes'>,
    Pick<SyncResult, 'error'> {
  readonly peerId: string;
  /** As `coversAsOf` over all, by sessions that this node began. */
  readonly coversSinceAsked: string | null;
  /** Age of `coversAsOf`; null if it is not whole. */
  readonly lagSeconds: number | null;
  /** Items that the peer goes on lacking, as far as sessions named them, and since when. */
  readonly lacks: number;
  readonly lacksSince: string | null;
  /** Items of the peer that are here, and that the index here does not list. */
  readonly unlisted: number;
}

export interface DiffInit {
  readonly peerId: string;
  readonly from: bigint;
  readonly to: bigint;
  /** Keys of each kind in the answer. */
  readonly limit: number;
}

/** A key on one side; null where only the id is known. */
export interface DiffKey {
  readonly id: string;
  readonly hint: string | null;
}

/** The answer of `POST /v1/diff`. Counts are of all keys, also of those beyond the limit. */
export interface DiffAnswer {
  readonly peerId: string;
  readonly from: string;
  readonly to: string;
  readonly equal: boolean;
  /** Some keys are not named, or were not compared. */
  readonly truncated: boolean;
  readonly counts: { readonly here: number; readonly there: number };
  readonly onlyHere: readonly DiffKey[];
  readonly onlyThere: readonly DiffKey[];
  /** Of the peer; the items are here, and the index here does not list them: it is damaged. */
  readonly unlisted: readonly DiffKey[];
}

/** A session in the log. */
export interface LoggedSession extends LastSession {
  readonly number: number;
  readonly peerId: string;
  /** To fetch what is missing, to find out whether the sets differ, or to name what differs. */
  readonly purpose: 'settle' | 'survey' | 'compare';
  readonly equal: boolean;
}

/** The answer of `GET /v1/sessions`; the newest first. */
export interface SessionsAnswer {
  /** `session` is null while the session waits for its turn. */
  readonly running: readonly { readonly peerId: string; readonly session: LastSession | null }[];
  readonly ended: readonly LoggedSession[];
}

/** The answer of `GET /v1/wants`. */
export interface WantsAnswer {
  readonly wanted: number;
  readonly orphans: number;
  readonly items: readonly WantedItem[];
  /** For the next page; null on the last page. */
  readonly cursor: string | null;
}

export interface WantedItem {
  readonly id: string;
  readonly since: string;
  readonly confirmed: boolean;
  readonly sources: readonly string[];
  readonly fetchingFrom: string | null;
  readonly bytes: number | null;
}

/** The answer of `GET /v1/peers/{id}`. */
export interface PeerDetails
  extends PeerStatus,
    Pick<PeerProof, 'lacks' | 'lacksSince' | 'unlisted'> {
  /** Wanted items that the peer lists. */
  readonly wanted: number;
  readonly running: boolean;
  /** Its sessions among the last 200 of all peers, the newest first. */
  readonly sessions: readonly LoggedSession[];
}
