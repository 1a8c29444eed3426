import { StoreError } from '../../errors.ts';
import { MAX_REASON_BYTES, type RefusedBy } from '../records/index.ts';

/** Most refused ids, by origin. Raising a limit costs 100 to 250 bytes of memory for each id. */
export type RefusalLimits = Readonly<Record<RefusedBy, number>>;

export const LIMITS: RefusalLimits = { operator: 1_000_000, policy: 131_072 };

const encoder = new TextEncoder();

/** Throws `INVALID_INIT` unless it is a text that a record has room for. */
export function checkReason(reason: string): void {
  if (typeof reason === 'string' && encoder.encode(reason).length <= MAX_REASON_BYTES) return;
  const message = `a reason is a text of at most ${MAX_REASON_BYTES} bytes of UTF-8: make it shorter`;
  throw new StoreError('INVALID_INIT', message);
}

export function tooMany(count: number, limit: number): StoreError {
  const message =
    `${count} ids would be refused, and ${limit} is the most: let in again ids that were never held; ` +
    'dropped items count until they are stored again, or are below the floor';
  return new StoreError('TOO_MANY_REFUSED', message);
}
