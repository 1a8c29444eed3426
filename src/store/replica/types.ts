import type { Clock, Disk } from '../environment.ts';
import type { FingerprintScheme } from '../fingerprint/scheme.ts';
import type { ItemKey } from '../item.ts';
import type { Database } from './database.ts';
import type { ReplicaLimits } from './limits.ts';

/** What one put did. */
export interface PutResult {
  readonly hint: bigint;
  readonly id: Uint8Array;
  /** False when the set held the item already, or was about to. */
  readonly created: boolean;
}

/** An item as a client gives it: the id follows from the content. */
export interface NewItem {
  readonly hint: bigint;
  readonly payload: Uint8Array;
}

export interface ReplicaStatus {
  readonly items: number;
  /** Payload bytes held. */
  readonly bytes: number;
  /** Digest of the whole set, `scheme.digest` of its state. */
  readonly fingerprint: Uint8Array;
  /** Why puts are refused at the moment, or null while they are taken. */
  readonly refusing: { readonly code: string; readonly message: string } | null;
}

export interface ListInit {
  /** First hint wanted. @default 0n */
  from?: bigint;
  /** First hint not wanted. @default infinity */
  to?: bigint;
  /** Keys wanted at the most; never more than `MAX_LIST_LIMIT` are given. @default 100 */
  limit?: number;
  /** Go on behind this key. @default none */
  after?: ItemKey;
}

/** Where the replica says what an operator should know. pino's loggers fit. */
export interface ReplicaLogger {
  warn(fields: object, message: string): void;
  error(fields: object, message: string): void;
}

export interface ReplicaInit {
  /** Owned by the replica from here on: closed by it, also when opening fails. */
  database: Database;
  clock: Clock;
  disk: Disk;
  /** The summary the index keeps. @default lthash */
  scheme?: FingerprintScheme;
  limits?: Partial<ReplicaLimits>;
  /** @default silent */
  logger?: ReplicaLogger;
}
