import { ProtocolError, type ProtocolErrorCode } from '../../protocol/index.ts';
import { StoreError, type StoreErrorCode } from '../../store/index.ts';
import { DaemonError, type DaemonErrorCode } from '../errors.ts';

export type AdminErrorCode =
  | 'NOT_FOUND'
  | 'METHOD_NOT_ALLOWED'
  | 'BAD_REQUEST'
  | 'INVALID_QUERY'
  | 'INVALID_BODY'
  | 'INVALID_HINT'
  | 'INVALID_ID'
  | 'INVALID_CURSOR'
  | 'ITEM_TOO_LARGE'
  | 'BODY_TOO_LARGE'
  | 'UNSUPPORTED_MEDIA_TYPE'
  | 'UNAUTHORIZED'
  | 'HOST_REFUSED'
  | 'NOT_ALIVE'
  | 'NOT_READY'
  | 'VERIFY_RUNNING'
  | 'SHUTTING_DOWN'
  | 'REQUEST_TIMEOUT'
  | 'HEADERS_TOO_LARGE'
  | 'INTERNAL';

/** A refusal of the admin endpoint. `code` is stable; `message` says what to do. */
export class AdminError extends Error {
  override readonly name = 'AdminError';
  readonly status: number;
  readonly code: AdminErrorCode;

  constructor(status: number, code: AdminErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.status = status;
    this.code = code;
  }
}

/** The answer of a call that failed. */
export interface ErrorResponse {
  readonly status: number;
  readonly code: string;
  readonly message: string;
}

const STORE: Partial<Record<StoreErrorCode, number>> = {
  INVALID_HINT: 400,
  INVALID_ID: 400,
  INVALID_BOUND: 400,
  ID_MISMATCH: 400,
  ITEM_TOO_LARGE: 413,
  SET_FULL: 507,
  DISK_FULL: 507,
  STORE_CLOSED: 503,
  STORE_WRITE_FAILED: 503,
  STORE_REBUILDING: 503,
  STORE_UNAVAILABLE: 503,
  SNAPSHOT_EXPIRED: 503,
};

const DAEMON: Partial<Record<DaemonErrorCode, number>> = {
  INVALID_ADDRESS: 400,
  UNKNOWN_ADDRESS: 404,
  TOO_MANY_ADDRESSES: 409,
  UNKNOWN_PEER: 404,
  DIAL_FAILED: 502,
  PEER_REFUSED: 502,
  SHUTTING_DOWN: 503,
};

const PROTOCOL: Partial<Record<ProtocolErrorCode, number>> = {
  UNKNOWN_PEER: 404,
  BUSY: 503,
  ABORTED: 503,
};

/** The longest body a path takes, and the code for longer ones. */
export interface BodyLimit {
  readonly code: 'ITEM_TOO_LARGE' | 'BODY_TOO_LARGE';
  readonly bytes: number;
}

/** The refusal for an error that a handler threw; 500 `INTERNAL` for errors of no known class. */
export function refusalOf(error: unknown, limit: BodyLimit): ErrorResponse {
  if (error instanceof AdminError) return pick(error, error.status);
  if (error instanceof StoreError) return pick(error, STORE[error.code] ?? 500);
  if (error instanceof DaemonError) return pick(error, DAEMON[error.code] ?? 500);
  if (error instanceof ProtocolError) return pick(error, PROTOCOL[error.code] ?? 502);
  return fromFramework(error, limit);
}

function pick({ code, message }: { code: string; message: string }, status: number): ErrorResponse {
  return { status, code, message };
}

function fromFramework(error: unknown, limit: BodyLimit): ErrorResponse {
  const { code, statusCode, message } = Object(error);
  if (code === 'FST_ERR_CTP_BODY_TOO_LARGE') return tooLarge(limit);
  if (code === 'FST_ERR_CTP_INVALID_MEDIA_TYPE') {
    const advice = 'send the body as JSON, with Content-Type: application/json';
    return { status: 415, code: 'UNSUPPORTED_MEDIA_TYPE', message: advice };
  }
  if (Number.isInteger(statusCode) && statusCode >= 400 && statusCode < 500) {
    return { status: statusCode, code: 'BAD_REQUEST', message: String(message) };
  }
  const advice = 'the daemon failed to answer; its log has the reason';
  return { status: 500, code: 'INTERNAL', message: advice };
}

function tooLarge({ code, bytes }: BodyLimit): ErrorResponse {
  const setting = code === 'ITEM_TOO_LARGE' ? ' (limits.maxItemBytes)' : '';
  return { status: 413, code, message: `this body may have at most ${bytes} bytes${setting}` };
}
