import { bytesToHex } from '../bytes.ts';
import { FeedResetError, StoreError } from '../errors.ts';
import type { VerifyResult } from './verify/index.ts';

/** Errors that say why nothing is written at the moment. */

export function writeFailed(cause: unknown): StoreError {
  if (cause instanceof StoreError && cause.code === 'STORE_CORRUPT') return cause;
  const reason = reasonOf(cause);
  if (/ENOSPC|no space left/i.test(reason)) {
    return new StoreError(
      'DISK_FULL',
      `the disk is full (${reason}): make room; writing goes on by itself then`,
      { cause },
    );
  }
  return new StoreError(
    'STORE_WRITE_FAILED',
    `the database did not take a write (${reason}): look after the disk; the database is opened again ` +
      'until it can be written to',
    { cause },
  );
}

export function noRoom(needed: number, free: number): StoreError {
  return new StoreError(
    'DISK_FULL',
    `the disk is full: ${free} bytes are free, and ${needed} are needed to open the database again, ` +
      'which moves its log into a table: make room; writing goes on by itself then',
  );
}

export function tooOld(hint: bigint, floor: bigint): StoreError {
  return new StoreError(
    'HINT_TOO_OLD',
    `the hint ${hint} is below the floor ${floor}: the set keeps no items that old; put it with a later hint`,
  );
}

/** The findings of a verification, in short. */
export function found({ problemCount, problems }: VerifyResult): string {
  const first = problems[0] === undefined ? '' : ` (${problems[0].code}: ${problems[0].message})`;
  return (
    `a verification found ${problemCount} problems${first}: scrubbing mends them as it comes by, if it ` +
    'is turned on; a damaged index is built again, a damaged item fetched from a peer'
  );
}

/** For callers whose items may or may not be on disk. */
export function unknown(refusal: StoreError): StoreError {
  return new StoreError(
    refusal.code,
    `${refusal.message}; whether this item is on disk is not known yet: put it again later, ` +
      'with the same hint',
    { cause: refusal },
  );
}

/** For callers behind an `unknown` write: their items were never written. */
export function notWritten(error: unknown): unknown {
  return error instanceof StoreError && error.cause instanceof StoreError ? error.cause : error;
}

export function repairing(): StoreError {
  return new StoreError(
    'STORE_UNAVAILABLE',
    'the database is being repaired, and its index built again after that: try again when the status no ' +
      'longer says so',
  );
}

export function rebuilding(): StoreError {
  return new StoreError(
    'STORE_REBUILDING',
    'the index is being built again from the items: try again when the status no longer says so',
  );
}

export function unavailable(cause: StoreError | null): StoreError {
  const why = cause === null ? '' : `: ${cause.message}`;
  return new StoreError('STORE_UNAVAILABLE', `the database is being opened again${why}`);
}

/** The places that a reader knows are not those of this epoch, of 16 hexadecimal digits. */
export function feedReset(epoch: string, last: number): StoreError {
  return new FeedResetError(epoch, last);
}

export function itemRefused(id: Uint8Array): StoreError {
  const message = `item ${bytesToHex(id)} is refused: let its id in again if it shall be stored`;
  return new StoreError('ITEM_REFUSED', message);
}

export function closed(): StoreError {
  return new StoreError('STORE_CLOSED', 'the store is closed: start the node again');
}

/** The message of an error, or the text of anything else that was thrown. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

function reasonOf(cause: unknown): string {
  if (!(cause instanceof Error)) return String(cause);
  return cause.cause instanceof Error ? `${cause.message}: ${cause.cause.message}` : cause.message;
}
