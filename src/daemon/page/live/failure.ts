import { ClientError } from '../../client/index.ts';

/** The words of the daemon, or of the client about its answer; null where nothing answered. */
export function failureText(error: unknown): string | null {
  if (!(error instanceof ClientError) || error.code === 'ADMIN_UNREACHABLE') return null;
  return `${error.message} [${error.code}]`;
}
