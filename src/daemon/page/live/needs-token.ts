import { ClientError } from '../../client/index.ts';

/** Whether the daemon refused the token or its absence, or the token is no header and was not sent. */
export function needsToken(error: unknown): boolean {
  if (!(error instanceof ClientError)) return false;
  return error.status === 401 || error.code === 'INVALID_TOKEN';
}
