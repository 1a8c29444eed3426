import type { IncomingHttpHeaders, IncomingMessage } from 'node:http';
import { hexToBytes } from '../../../store/index.ts';

const PUT = '/v1/items';
const HINTED_PUT = `${PUT}?hint=`;
/** Of so many digits each number is a hint; longer numbers may be too large. */
const SURE_HINT = /^\d{1,19}$/;
const GET = /^\/v1\/items\/([0-9a-f]{64})$/;

/** A put whose payload is still to come. */
export interface PlainPut {
  readonly hint: bigint | undefined;
  /** Of the payload, at least 1. */
  readonly bytes: number;
}

/** The put that a request asks for; null: the request is no put, or has more to look at. */
export function plainPut(
  { url = '', headers }: IncomingMessage,
  maxBytes: number,
): PlainPut | null {
  // The groups of a pattern would cost several times as much.
  const hint = url.startsWith(HINTED_PUT) ? url.slice(HINTED_PUT.length) : undefined;
  if (hint === undefined ? url !== PUT : !SURE_HINT.test(hint)) return null;
  const bytes = Number(headers['content-length']);
  const fits = bytes >= 1 && bytes <= maxBytes;
  if (!fits || headers['content-type'] !== 'application/octet-stream') return null;
  if (hasMore(headers)) return null;
  return { hint: hint === undefined ? undefined : BigInt(hint), bytes };
}

/** The id of the item that a request asks for; null: the request is no get, or has more to look at. */
export function plainGet({ url = '', headers }: IncomingMessage): Uint8Array | null {
  const id = GET.exec(url)?.[1];
  if (id === undefined || headers['content-length'] !== undefined) return null;
  if (headers['if-none-match'] !== undefined || hasMore(headers)) return null;
  return hexToBytes(id);
}

/** Whether headers say something of the body, or of the connection, that takes more than reading it. */
function hasMore(headers: IncomingHttpHeaders): boolean {
  return (
    headers['transfer-encoding'] !== undefined ||
    headers['content-encoding'] !== undefined ||
    headers.expect !== undefined ||
    headers.upgrade !== undefined
  );
}
