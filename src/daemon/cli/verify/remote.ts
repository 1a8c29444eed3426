import type { VerifyProgress, VerifyResult } from '../../../store/index.ts';
import { DaemonError } from '../../errors.ts';
import type { VerifyLine } from '../../schemas/index.ts';
import type { DaemonClient } from '../client.ts';
import { RefusedError } from '../errors.ts';
import { readLines } from '../import/index.ts';

/** Longest line taken: a result names at most 100 problems. */
const MAX_LINE_BYTES = 1024 * 1024;
/** A disk may be slow; a daemon that is silent for longer is gone. */
const IDLE_MS = 600_000;

/** Has a running daemon verify its set. */
export async function verifyRemote(
  client: DaemonClient,
  progress: (progress: VerifyProgress) => void,
): Promise<VerifyResult> {
  const call = { method: 'POST', path: '/v1/verify', idleMs: IDLE_MS } as const;
  for await (const { bytes } of readLines(client.stream(call), MAX_LINE_BYTES)) {
    const line = parse(bytes);
    if ('progress' in line) progress(line.progress);
    else if ('result' in line) return line.result;
    else throw failed(line.error.code, line.error.message);
  }
  const message = `${client.url} ended before the verification did; try again`;
  throw new DaemonError('ADMIN_UNREACHABLE', message);
}

function parse(bytes: Uint8Array | null): VerifyLine {
  try {
    return JSON.parse(new TextDecoder().decode(bytes ?? new Uint8Array()));
  } catch {
    throw new DaemonError('ADMIN_UNREACHABLE', 'the answer is not that of a rangemesh daemon');
  }
}

function failed(code: string, message: string): Error {
  if (code !== 'STORE_CORRUPT') return new RefusedError(500, code, message);
  return new DaemonError('DATA_DAMAGED', message);
}
