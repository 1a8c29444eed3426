import type { CompactProgress, CompactResult } from '../../../store/index.ts';
import { type AdminClient, ClientError } from '../../client/index.ts';
import { DaemonError, EXIT } from '../../errors.ts';
import { ask } from '../ask.ts';
import type { LastWords } from '../errors.ts';
import { formatBytes } from '../format.ts';
import type { CliInit } from '../init.ts';
import type { TargetOptions } from '../locate.ts';
import { startProgress } from '../terminal/index.ts';

/** A piece takes a second or so; a daemon that is silent for longer is gone. */
const IDLE_MS = 600_000;

/** Has the database compacted, with a bar on a terminal. */
export function compact(options: TargetOptions, init: CliInit): Promise<number> {
  const { stderr: stream, clock } = init;
  const call = async (daemon: AdminClient): Promise<CompactResult> => {
    const label = 'compacting';
    const bar = startProgress({ stream, clock, label, total: null, format: formatBytes });
    try {
      return await resultOf(daemon, ({ done, of }) => bar.show(done, { of }));
    } finally {
      bar.end();
    }
  };
  return ask(options, init, {
    call,
    show: formatCompact,
    failure: ({ complete }) => (complete ? null : CUT),
    idleMs: IDLE_MS,
  });
}

const CUT: LastWords = {
  error: {
    code: 'SHUTTING_DOWN',
    message: 'the daemon ended before the whole database was compacted: run this again',
  },
  exitCode: EXIT.failure,
};

async function resultOf(
  daemon: AdminClient,
  progress: (progress: CompactProgress) => void,
): Promise<CompactResult> {
  for await (const line of daemon.compactLines()) {
    if ('progress' in line) progress(line.progress);
    else if ('result' in line) return line.result;
    else throw new ClientError(500, line.error.code, line.error.message);
  }
  const message =
    'the answer ended before the compaction did; the daemon may have ended: try again';
  throw new DaemonError('ADMIN_UNREACHABLE', message);
}

/** LevelDB estimates sizes, and what is put meanwhile counts too. */
function formatCompact({ beforeBytes, afterBytes, complete }: CompactResult): string {
  if (!complete) return '';
  const now = `about ${formatBytes(afterBytes)}`;
  return afterBytes < beforeBytes
    ? `compacted: the database takes ${now}, and took ${formatBytes(beforeBytes)}`
    : `compacted: the database takes ${now}; there was nothing to give back`;
}
