import { ProtocolError, type ProtocolErrorCode } from '../../protocol/index.ts';
import { StoreError, type StoreErrorCode } from '../../store/index.ts';
import { DaemonError, type DaemonErrorCode } from '../errors.ts';
import { type GuardCode, GuardError } from '../guard/index.ts';

/** The HTTP status of each code of the endpoint itself. */
const STATUS = {
  BAD_REQUEST: 400,
  INVALID_QUERY: 400,
  INVALID_BODY: 400,
  INVALID_HINT: 400,
  INVALID_ID: 400,
  INVALID_CURSOR: 400,
  SINCE_ABOVE_LAST: 400,
  UNAUTHORIZED: 401,
  HOST_REFUSED: 403,
  NOT_FOUND: 404,
  METHOD_NOT_ALLOWED: 405,
  REQUEST_TIMEOUT: 408,
  AMBIGUOUS_ID: 409,
  VERIFY_RUNNING: 409,
  COMPACT_RUNNING: 409,
  ITEM_KEPT_OUT: 410,
  ITEM_TOO_LARGE: 413,
  BODY_TOO_LARGE: 413,
  UNSUPPORTED_MEDIA_TYPE: 415,
  UNSUPPORTED_ENCODING: 415,
  EXPECTATION_FAILED: 417,
  HEADERS_TOO_LARGE: 431,
  INTERNAL: 500,
  NOT_ALIVE: 503,
  NOT_READY: 503,
  SHUTTING_DOWN: 503,
  BUSY: 503,
} as const;

export type AdminErrorCode = keyof typeof STATUS;

/** A refusal of the admin endpoint. `code` is stable; `message` says what to do. */
export class AdminError extends Error {
  override readonly name = 'AdminError';
  readonly status: number;
  readonly code: AdminErrorCode;

  constructor(code: AdminErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.status = STATUS[code];
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
  FEED_RESET: 410,
  ITEM_TOO_LARGE: 413,
  SET_FULL: 507,
  ITEM_REFUSED: 422,
  TOO_MANY_REFUSED: 409,
  TOO_MANY_ITEMS: 507,
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
  NO_COMMON_DIALECT: 422,
  OWN_SECRET: 422,
  OWN_PEER: 400,
  PEER_CONNECTED: 409,
  PAUSED: 409,
  TOO_MANY_PAUSED: 409,
  NOT_RELOADABLE: 409,
  CONFIG_INVALID: 422,
  CONFIG_UNREADABLE: 422,
  ADMIN_EXPOSED: 422,
  TOKEN_UNREADABLE: 422,
  DIAL_FAILED: 502,
  PEER_REFUSED: 502,
  PEER_SILENT: 502,
  PEER_FULL: 502,
  OTHER_IDENTITY: 502,
  SAME_IDENTITY: 502,
  WRONG_PRE_SHARED_KEY: 502,
  HANDSHAKE_FAILED: 502,
  SHUTTING_DOWN: 503,
};

const PROTOCOL: Partial<Record<ProtocolErrorCode, number>> = {
  MALFORMED_FRAME: 502,
  FRAME_TOO_LARGE: 502,
  UNEXPECTED_FRAME: 502,
  BUDGET_SPENT: 502,
  PEER_STOPPED: 502,
  UNPROVED: 502,
  TIMEOUT: 502,
  STALLED: 502,
  STREAM_CLOSED: 502,
  STREAM_FAILED: 502,
  UNSUPPORTED_PROTOCOL: 502,
  UNKNOWN_PEER: 404,
  DIALECT_CANNOT_TELL: 422,
  NOTHING_IN_COMMON: 422,
  ROLE_WRITE: 422,
  BUSY: 503,
  ABORTED: 503,
};

/** Every code that an answer of the endpoint can have. */
export type ErrorCode =
  | AdminErrorCode
  | StoreErrorCode
  | DaemonErrorCode
  | GuardCode
  | ProtocolErrorCode;

/** Of calls that read the store. */
export const READ_ERRORS: readonly ErrorCode[] = [
  'STORE_CLOSED',
  'STORE_UNAVAILABLE',
  'STORE_REBUILDING',
  'STORE_CORRUPT',
];

const GUARD: Record<GuardCode, number> = {
  HINT_TOO_OLD: 422,
  HINT_TOO_NEW: 422,
  ITEM_REFUSED: 422,
  POLICY_REFUSED: 422,
  POLICY_FAILED: 503,
  POLICY_BUSY: 503,
  ROLE_READ: 403,
  PEER_QUOTA: 507,
  PUBLISHER_QUOTA: 507,
};

const STATUS_OF: Partial<Record<string, number>> = {
  ...PROTOCOL,
  ...DAEMON,
  ...STORE,
  ...GUARD,
  ...STATUS,
};

/** The HTTP status of answers with this code. */
export function statusOf(code: ErrorCode): number {
  return STATUS_OF[code] ?? 500;
}

/** The longest body a path takes, and the code for longer ones. */
export interface BodyLimit {
  readonly code: 'ITEM_TOO_LARGE' | 'BODY_TOO_LARGE';
  readonly bytes: number;
}

/** The refusal for an error that a handler threw; 500 `INTERNAL` for errors of no known class. */
export function refusalOf(error: unknown, limit: BodyLimit): ErrorResponse {
  if (error instanceof AdminError) return pick(error, error.status);
  if (error instanceof StoreError) return pick(error, STORE[error.code] ?? 500);
  if (error instanceof GuardError) return pick(error, GUARD[error.code]);
  if (error instanceof DaemonError) return pick(error, DAEMON[error.code] ?? 500);
  if (error instanceof ProtocolError) return pick(error, PROTOCOL[error.code] ?? 500);
  return fromFramework(error, limit);
}

function pick({ code, message }: { code: string; message: string }, status: number): ErrorResponse {
  return { status, code, message };
}

function refusal(code: AdminErrorCode, message: string): ErrorResponse {
  return { status: STATUS[code], code, message };
}

function fromFramework(error: unknown, limit: BodyLimit): ErrorResponse {
  const { code, statusCode } = Object(error);
  if (code === 'FST_ERR_CTP_BODY_TOO_LARGE') return tooLarge(limit);
  if (code === 'FST_ERR_CTP_INVALID_MEDIA_TYPE') {
    const advice =
      limit.code === 'ITEM_TOO_LARGE'
        ? 'the Content-Type is malformed: send application/octet-stream, or none'
        : 'send the body as JSON, with Content-Type: application/json';
    return refusal('UNSUPPORTED_MEDIA_TYPE', advice);
  }
  if (code === 'FST_ERR_CTP_INVALID_CONTENT_LENGTH') {
    return refusal('BAD_REQUEST', 'the body has not the length in Content-Length: send both alike');
  }
  if (Number.isInteger(statusCode) && statusCode >= 400 && statusCode < 500) {
    return refusal('BAD_REQUEST', 'the request cannot be read: check its headers and its body');
  }
  return refusal('INTERNAL', 'the daemon failed to answer; its log has the reason');
}

function tooLarge({ code, bytes }: BodyLimit): ErrorResponse {
  const setting = code === 'ITEM_TOO_LARGE' ? ' (limits.maxItemBytes)' : '';
  return refusal(code, `this body may have at most ${bytes} bytes${setting}`);
}
