import type { CallInit } from './request.ts';

/** How `getSynced` judges, and how long it waits. */
export interface GetSyncedInit extends CallInit {
  /** Oldest proof that counts; sessions renew proofs older than this or five seconds. @default 10 */
  maxLagSeconds?: number | undefined;
  /** `now`, or the `provedSince` of the last answer: proofs that began earlier do not count. @default null: age alone counts */
  provedSince?: string | null | undefined;
  /** Seconds to wait for yes, at most 60. @default 0 */
  waitSeconds?: number | undefined;
}

/** The sets that `diff` compares. */
export interface DiffBody {
  readonly peerId: string;
  /** First hint compared. @default '0' */
  readonly from?: string | undefined;
  /** First hint not compared. @default infinity */
  readonly to?: string | undefined;
  /** Keys of each kind in the answer, at most 10,000. @default 1,000 */
  readonly limit?: number | undefined;
}

/** The page that `listWants` takes. */
export interface ListWantsInit extends CallInit {
  /** Items in a page, at most 1,000. @default 100 */
  limit?: number | undefined;
  /** Of the page before. @default the first page */
  cursor?: string | undefined;
}

/** The page that `listRefused` takes. */
export interface ListRefusedInit extends CallInit {
  /** Items in a page, at most 1,000. @default 100 */
  limit?: number | undefined;
  /** Of the page before. @default the first page */
  cursor?: string | undefined;
}

/** The events that `watchEvents` gives. */
export interface WatchEventsInit extends CallInit {
  /** @default all types */
  types?: readonly string[] | undefined;
  /** The `id` of the last event that the client has. @default events from now on */
  after?: string | undefined;
}

/** The part of the set that `listItems` takes a page of keys from. */
export interface ListItemsInit extends CallInit {
  /** First hint wanted. @default 0 */
  from?: bigint | number | string | undefined;
  /** First hint not wanted. @default infinity */
  to?: bigint | number | string | undefined;
  /** Keys in a page, at most 1,000. @default 100 */
  limit?: number | undefined;
  /** Of the page before. @default the first page */
  cursor?: string | undefined;
}

/** How `putItem` stores an item. */
export interface PutItemInit extends CallInit {
  /** Place in the order. @default the present time of the daemon, in milliseconds */
  hint?: bigint | number | string | undefined;
}

/** The part of the set that `exportItems` gives. */
export interface ExportItemsInit extends CallInit {
  /** First hint wanted. @default 0 */
  from?: bigint | number | string | undefined;
  /** First hint not wanted. @default infinity */
  to?: bigint | number | string | undefined;
}

/** An item as `getItem` gives it. */
export interface FetchedItem {
  readonly id: string;
  readonly hint: string;
  readonly payload: Uint8Array<ArrayBuffer>;
}
