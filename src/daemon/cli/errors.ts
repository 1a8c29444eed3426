import { DaemonError, EXIT } from '../errors.ts';

/** The daemon's answer was a refusal; `code` and `message` are its own. */
export class RefusedError extends Error {
  override readonly name = 'RefusedError';
  readonly code: string;
  readonly status: number;

  constructor(status: number, code: string, message: string) {
    super(message);
    this.status = status;
    this.code = code;
  }
}

/** What a shell reports for a process that ended by SIGPIPE. */
export const BROKEN_PIPE = 141;

/** What the operator is told, in one line and an exit code, when a verb fails. */
export function lastWords(error: unknown): { line: string | null; exitCode: number } {
  if (error instanceof DaemonError) return { line: words(error), exitCode: error.exitCode };
  if (error instanceof RefusedError) return { line: words(error), exitCode: EXIT.failure };
  const { code, message } = Object(error);
  // Whoever read our output has gone; there is nobody to tell.
  if (code === 'EPIPE') return { line: null, exitCode: BROKEN_PIPE };
  const line = words({ code: String(code ?? 'INTERNAL'), message: String(message ?? error) });
  return { line, exitCode: EXIT.failure };
}

function words({ code, message }: { code: string; message: string }): string {
  return `rangemesh: ${message} [${code}]`;
}

export function usage(message: string, options?: ErrorOptions): DaemonError {
  return new DaemonError('USAGE', message, options);
}
