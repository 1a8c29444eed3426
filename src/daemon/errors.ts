export type DaemonErrorCode =
  | 'CONFIG_INVALID'
  | 'CONFIG_UNREADABLE'
  | 'DATA_DIR_IN_USE'
  | 'DATA_DIR_UNUSABLE'
  | 'IDENTITY_UNREADABLE'
  | 'LISTEN_FAILED'
  | 'ADMIN_EXPOSED'
  | 'INVALID_ADDRESS'
  | 'DIAL_FAILED'
  | 'PEER_REFUSED'
  | 'UNKNOWN_PEER'
  | 'USAGE'
  | 'ADMIN_UNREACHABLE'
  | 'SHUTTING_DOWN';

/** Exit codes, after sysexits(3). */
export const EXIT = {
  ok: 0,
  failure: 1,
  usage: 64,
  dataError: 65,
  unavailable: 69,
  corrupt: 74,
  inUse: 75,
  config: 78,
} as const;

/** Every error the daemon raises on purpose. `code` is stable; `message` says what to do. */
export class DaemonError extends Error {
  override readonly name = 'DaemonError';
  readonly code: DaemonErrorCode;
  /** What the process exits with when this ends it. */
  readonly exitCode: number;

  constructor(
    code: DaemonErrorCode,
    message: string,
    options: ErrorOptions & { exitCode?: number } = {},
  ) {
    super(message, options);
    this.code = code;
    this.exitCode = options.exitCode ?? EXIT.failure;
  }
}
