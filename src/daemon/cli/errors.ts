import { ClientError } from '../client/index.ts';
import { DaemonError, EXIT, reasonOf } from '../errors.ts';

/** The last words of a verb that failed. */
export interface LastWords {
  /** Null: the reader of the output has gone. */
  readonly error: { readonly code: string; readonly message: string } | null;
  readonly exitCode: number;
}

/** Codes of a peer that does not speak what a call needs. */
const UNSUPPORTED: ReadonlySet<string> = new Set([
  'DIALECT_CANNOT_TELL',
  'NO_COMMON_DIALECT',
  'UNSUPPORTED_PROTOCOL',
]);

/** Exit code of a refusal of the daemon, or of a failed session. */
export function exitCodeOf(code: string): number {
  return UNSUPPORTED.has(code) ? EXIT.unsupported : EXIT.failure;
}

export function lastWords(error: unknown): LastWords {
  if (error instanceof DaemonError) return { error, exitCode: error.exitCode };
  if (error instanceof ClientError) return { error, exitCode: exitOfRefusal(error) };
  const { code, message, exitCode = EXIT.failure } = Object(error);
  // The reader of our output is gone: no line would reach it.
  if (code === 'EPIPE') return { error: null, exitCode: EXIT.brokenPipe };
  const words = { code: String(code ?? 'INTERNAL'), message: String(message ?? error) };
  return { error: words, exitCode };
}

function exitOfRefusal({ status, code }: ClientError): number {
  return status === 400 || code === 'AMBIGUOUS_ID' ? EXIT.usage : exitCodeOf(code);
}

/** An error as a line: a sentence and its code for people, an object for programs. */
export function formatError({ error }: LastWords, { json }: { json: boolean }): string {
  if (error === null) return '';
  const { code, message } = error;
  return json ? JSON.stringify({ code, message }) : `rangemesh: ${message} [${code}]`;
}

/** The next step after a file could not be opened or read. */
const STEPS: Readonly<Record<string, string>> = {
  ENOENT: 'check the path',
  EACCES: 'let this user read it',
  EISDIR: 'name a file, or store the files of a directory with "rangemesh import"',
};

/** `USAGE` for a file that cannot be read. */
export function unreadable(name: string, cause: Error): DaemonError {
  const step = STEPS[Object(cause).code];
  return usage(`cannot read ${name}: ${cause.message}${step === undefined ? '' : `; ${step}`}`, {
    cause,
  });
}

/** Codes of the system where the disk takes no more. */
const FULL: ReadonlySet<unknown> = new Set(['ENOSPC', 'EDQUOT', 'EFBIG', 'EIO']);

export function isFull(cause: unknown): boolean {
  return FULL.has(Object(cause).code);
}

/** For output that cannot be written: `OUTPUT_UNWRITTEN` where the disk takes no more, otherwise `USAGE`. */
export function unwritable(name: string, cause: unknown): DaemonError {
  const message = `cannot write ${name}: ${reasonOf(cause)}`;
  if (!isFull(cause)) return usage(message, { cause });
  const advice = 'make room on its disk, and give the command again';
  return new DaemonError('OUTPUT_UNWRITTEN', `${message}; ${advice}`, { cause });
}

/** `USAGE` for a file that is there already. */
export function taken(path: string, or = ''): DaemonError {
  return usage(`${path} is there already and stays as it is; name another file${or}`);
}

export function usage(message: string, options?: ErrorOptions): DaemonError {
  return new DaemonError('USAGE', message, options);
}
