import { ClientError } from '../client/index.ts';
import { DaemonError, EXIT } from '../errors.ts';

/** Exit code that a shell reports for a process that ended by SIGPIPE. */
export const BROKEN_PIPE = 141;

/** The line for the operator and the exit code when a verb fails. */
export function lastWords(error: unknown): { line: string | null; exitCode: number } {
  if (error instanceof DaemonError) return { line: words(error), exitCode: error.exitCode };
  if (error instanceof ClientError) {
    const isArgument = error.status === 400 || error.code === 'AMBIGUOUS_ID';
    return { line: words(error), exitCode: isArgument ? EXIT.usage : EXIT.failure };
  }
  const { code, message } = Object(error);
  // The reader of our output is gone: no line would reach it.
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
