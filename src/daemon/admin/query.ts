import { z } from 'zod';
import {
  bytesToHex,
  hexToBytes,
  INFINITE_HINT,
  type ItemKey,
  type ListInit,
} from '../../store/index.ts';
import { AdminError } from './errors.ts';

/** Keys in one answer if the client gives no limit. */
const DEFAULT_LIMIT = 100;
/** Most keys in one answer, about 100 KiB of JSON. */
const MAX_LIMIT = 1_000;

const text = z.string().optional();
const put = z.strictObject({ hint: text });
const none = z.strictObject({});
const list = z.strictObject({ from: text, to: text, limit: text, cursor: text });
const addressText = z.string().min(1).max(2_048);
const peerText = z.string().min(1).max(256);
const address = z.strictObject({ address: addressText });
const leaving = z.strictObject({ address: addressText.optional(), peerId: peerText.optional() });
const sync = z.strictObject({ peerId: peerText.optional() });

export function readPutQuery(query: unknown): bigint | undefined {
  const { hint } = read(put, query, 'INVALID_QUERY');
  return hint === undefined ? undefined : parseHint('hint', hint, INFINITE_HINT - 1n);
}

export function readNoQuery(query: unknown): void {
  read(none, query, 'INVALID_QUERY');
}

/** Of the path `/v1/identity/:challenge`. */
export function readChallenge(params: unknown): string {
  const { challenge } = params as { challenge: string };
  if (/^[0-9a-f]{64}$/.test(challenge)) return challenge;
  throw new AdminError('INVALID_QUERY', 'a challenge has 64 hexadecimal digits in lower case');
}

export function readAddressBody(body: unknown): string {
  return read(address, body, 'INVALID_BODY').address;
}

/** What to forget: an address, or a peer with all its addresses. */
export function readLeavingBody(body: unknown): { address: string } | { peerId: string } {
  const { address, peerId } = read(leaving, body, 'INVALID_BODY');
  if (address !== undefined && peerId === undefined) return { address };
  if (peerId !== undefined && address === undefined) return { peerId };
  throw new AdminError('INVALID_BODY', 'give either "address" or "peerId"');
}

export function readNoBody(body: unknown): void {
  read(none, body ?? {}, 'INVALID_BODY');
}

export function readSyncBody(body: unknown): string | undefined {
  return read(sync, body ?? {}, 'INVALID_BODY').peerId;
}

export function readListQuery(query: unknown): Required<Omit<ListInit, 'after'>> & ListInit {
  const { from = '0', to = `${INFINITE_HINT}`, limit, cursor } = read(list, query, 'INVALID_QUERY');
  const range = {
    from: parseHint('from', from, INFINITE_HINT),
    to: parseHint('to', to, INFINITE_HINT),
    limit: limit === undefined ? DEFAULT_LIMIT : parseLimit(limit),
  };
  if (range.from > range.to) {
    throw new AdminError('INVALID_QUERY', `from (${from}) must not be above to (${to})`);
  }
  return cursor === undefined ? range : { ...range, after: parseCursor(cursor) };
}

export function parseId(text: string): Uint8Array {
  if (/^[0-9a-f]{64}$/i.test(text)) return hexToBytes(text.toLowerCase());
  throw new AdminError(
    'INVALID_ID',
    'an id has 64 hexadecimal digits; give all, or the first 8 or more',
  );
}

/** A place in the order, which clients carry from one answer to the next. */
export function formatCursor({ hint, id }: ItemKey): string {
  return `${hint}.${bytesToHex(id)}`;
}

function parseCursor(text: string): ItemKey {
  const [, hint, id] = /^(\d{1,20})\.([0-9a-f]{64})$/.exec(text) ?? [];
  if (hint === undefined || id === undefined || BigInt(hint) >= INFINITE_HINT) {
    throw new AdminError('INVALID_CURSOR', 'give the cursor of the last answer unchanged');
  }
  return { hint: BigInt(hint), id: hexToBytes(id) };
}

function parseHint(name: string, text: string, max: bigint): bigint {
  if (/^\d{1,20}$/.test(text) && BigInt(text) <= max) return BigInt(text);
  throw new AdminError(
    'INVALID_HINT',
    `${name} must be a decimal number from 0 to ${max}, not ${JSON.stringify(text).slice(0, 60)}`,
  );
}

function parseLimit(text: string): number {
  const limit = /^\d{1,6}$/.test(text) ? Number(text) : 0;
  if (limit >= 1 && limit <= MAX_LIMIT) return limit;
  throw new AdminError('INVALID_QUERY', `limit must be a number from 1 to ${MAX_LIMIT}`);
}

function read<T extends z.ZodObject>(
  schema: T,
  value: unknown,
  code: 'INVALID_QUERY' | 'INVALID_BODY',
): z.output<T> {
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  const reasons = parsed.error.issues.map(({ path, message }) =>
    path.length === 0 ? message : `${path.join('.')}: ${message}`,
  );
  const names = Object.keys(schema.shape);
  const known = names.length === 0 ? 'no parameters are taken here' : `known: ${names.join(', ')}`;
  throw new AdminError(code, `${reasons.join('; ')} (${known})`);
}
