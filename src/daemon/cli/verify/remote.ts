import type { VerifyProgress, VerifyResult } from '../../../store/index.ts';
import { ClientError } from '../../client/index.ts';
import { DaemonError } from '../../errors.ts';
import type { DaemonClient } from '../client/index.ts';

/** A disk may be slow; a daemon that is silent for longer is gone. */
const IDLE_MS = 600_000;

/** Has a running daemon verify its set. */
export async function verifyRemote(
  client: DaemonClient,
  progress: (progress: VerifyProgress) => void,
): Promise<VerifyResult> {
  return client.ask(
    async (daemon) => {
      for await (const line of daemon.verify()) {
        if ('progress' in line) progress(line.progress);
        else if ('result' in line) return line.result;
        else throw failed(line.error.code, line.error.message);
      }
      const message = `${client.url} ended before the verification did; try again`;
      throw new DaemonError('ADMIN_UNREACHABLE', message);
    },
    { idleMs: IDLE_MS },
  );
}

function failed(code: string, message: string): Error {
  if (code !== 'STORE_CORRUPT') return new ClientError(500, code, message);
  return new DaemonError('DATA_DAMAGED', message);
}
