/** The codes of `DaemonError`; they are stable. docs/incidents.md says what to do about each. */
export type DaemonErrorCode =
  | 'CONFIG_INVALID'
  | 'CONFIG_UNREADABLE'
  | 'DATA_DIR_IN_USE'
  | 'DATA_DIR_UNUSABLE'
  | 'DATA_DAMAGED'
  | 'NO_DATABASE'
  | 'STORE_UNOPENED'
  | 'TOKEN_UNREADABLE'
  | 'TLS_UNREADABLE'
  | 'UNSUPPORTED_SCHEMA'
  | 'IDENTITY_UNREADABLE'
  | 'LISTEN_FAILED'
  | 'ADMIN_EXPOSED'
  | 'INVALID_ADDRESS'
  | 'TOO_MANY_ADDRESSES'
  | 'UNKNOWN_ADDRESS'
  | 'OWN_ADDRESS'
  | 'DIAL_FAILED'
  | 'PEER_REFUSED'
  | 'PEER_SILENT'
  | 'PEER_FULL'
  | 'OTHER_IDENTITY'
  | 'SAME_IDENTITY'
  | 'WRONG_PRE_SHARED_KEY'
  | 'HANDSHAKE_FAILED'
  | 'UNKNOWN_PEER'
  | 'NO_COMMON_DIALECT'
  | 'OWN_SECRET'
  | 'OWN_PEER'
  | 'PEER_CONNECTED'
  | 'PAUSED'
  | 'TOO_MANY_PAUSED'
  | 'NOT_RELOADABLE'
  | 'USAGE'
  | 'INPUT_EMPTY'
  | 'INPUT_TOO_LARGE'
  | 'MANIFEST_UNWRITTEN'
  | 'OUTPUT_UNWRITTEN'
  | 'ADMIN_UNREACHABLE'
  | 'NOT_THIS_DAEMON'
  | 'TLS_NEEDED'
  | 'TLS_MISSING'
  | 'TLS_FAILED'
  | 'CERTIFICATE_UNTRUSTED'
  | 'CERTIFICATE_EXPIRED'
  | 'CERTIFICATE_NOT_YET_VALID'
  | 'CERTIFICATE_WRONG_HOST'
  | 'CERTIFICATE_MISMATCH'
  | 'INTERRUPTED'
  | 'INVARIANT_BROKEN'
  | 'SHUTTING_DOWN';

/** Exit codes, after sysexits(3) and the shells. `EXIT_MEANINGS` says what each means. */
export const EXIT = {
  ok: 0,
  failure: 1,
  different: 3,
  unsupported: 4,
  usage: 64,
  dataError: 65,
  unavailable: 69,
  corrupt: 74,
  inUse: 75,
  config: 78,
  hangup: 129,
  interrupted: 130,
  brokenPipe: 141,
  terminated: 143,
} as const;

/** Each exit code in a few words, for `rangemesh --help` and docs/command-line.md. */
export const EXIT_MEANINGS: Readonly<Record<(typeof EXIT)[keyof typeof EXIT], string>> = {
  [EXIT.ok]: 'done as asked',
  [EXIT.failure]: 'failed; the last line on standard error says why',
  [EXIT.different]: 'differences remain, or sets are not known to be equal',
  [EXIT.unsupported]: 'the peer does not speak a protocol that the call needs',
  [EXIT.usage]: 'wrong use: an argument, a file named in it, an id, an address',
  [EXIT.dataError]: 'input empty or too long, or a damaged key, token or certificate',
  [EXIT.unavailable]: 'no daemon or database there, or an address is taken',
  [EXIT.corrupt]: 'the data is damaged, or the disk takes no writes',
  [EXIT.inUse]: 'another daemon has the data directory or the identity',
  [EXIT.config]: 'wrong configuration, data directory or version of Node',
  [EXIT.hangup]: 'ended by SIGHUP',
  [EXIT.interrupted]: 'ended by SIGINT',
  [EXIT.brokenPipe]: 'the reader of the output has gone',
  [EXIT.terminated]: 'ended by SIGTERM',
};

/** Exit codes of errors that name none themselves. */
const EXIT_OF: Partial<Record<DaemonErrorCode, number>> = {
  USAGE: EXIT.usage,
  INPUT_EMPTY: EXIT.dataError,
  INPUT_TOO_LARGE: EXIT.dataError,
  IDENTITY_UNREADABLE: EXIT.dataError,
  TOKEN_UNREADABLE: EXIT.dataError,
  TLS_UNREADABLE: EXIT.dataError,
  NO_DATABASE: EXIT.unavailable,
  DATA_DAMAGED: EXIT.corrupt,
  OUTPUT_UNWRITTEN: EXIT.corrupt,
  DATA_DIR_UNUSABLE: EXIT.config,
  LISTEN_FAILED: EXIT.unavailable,
  ADMIN_UNREACHABLE: EXIT.unavailable,
  NOT_THIS_DAEMON: EXIT.unavailable,
  TLS_NEEDED: EXIT.unavailable,
  TLS_MISSING: EXIT.unavailable,
  TLS_FAILED: EXIT.unavailable,
  CERTIFICATE_UNTRUSTED: EXIT.unavailable,
  CERTIFICATE_EXPIRED: EXIT.unavailable,
  CERTIFICATE_NOT_YET_VALID: EXIT.unavailable,
  CERTIFICATE_WRONG_HOST: EXIT.unavailable,
  CERTIFICATE_MISMATCH: EXIT.unavailable,
  DATA_DIR_IN_USE: EXIT.inUse,
  CONFIG_INVALID: EXIT.config,
  CONFIG_UNREADABLE: EXIT.config,
  ADMIN_EXPOSED: EXIT.config,
};

/** The exit code of an error with this code. */
export function exitCodeOf(code: string): number {
  return EXIT_OF[code as DaemonErrorCode] ?? EXIT.failure;
}

/** Every error the daemon raises on purpose. `code` is stable; `message` says what to do. */
export class DaemonError extends Error {
  override readonly name = 'DaemonError';
  readonly code: DaemonErrorCode;
  /** Exit code of a process that this error ends. */
  readonly exitCode: number;

  constructor(
    code: DaemonErrorCode,
    message: string,
    options: ErrorOptions & { exitCode?: number } = {},
  ) {
    super(message, options);
    this.code = code;
    this.exitCode = options.exitCode ?? exitCodeOf(code);
  }
}

/** The message of an error, or the text of anything else that was thrown. */
export function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
