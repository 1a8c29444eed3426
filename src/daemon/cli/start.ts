import type { Setting } from '../config/index.ts';
import { DaemonError, EXIT } from '../errors.ts';
import type { Logger } from '../logging.ts';
import type { CliInit, RunningDaemon } from './init.ts';
import { readConfig } from './locate.ts';

/** Below the ten seconds an operator is promised. */
const DRAIN_MS = 9_500;

/** Runs a daemon until somebody ends it; resolves with the exit code. */
export async function start(
  file: string | undefined,
  flags: readonly Setting[],
  init: CliInit,
): Promise<number> {
  const config = await readConfig(file, flags, init);
  const logger = await init.createLogger(config);
  const wishes = new StopWishes(init);
  try {
    const daemon = await Promise.race([init.startDaemon(config, logger), wishes.second]);
    if (daemon === null) return forced(logger);
    const reason = await wishes.first;
    logger.info({ component: 'daemon', event: 'stopping', reason }, `stopping: ${reason}`);
    return await drain(daemon, wishes, init, logger);
  } finally {
    wishes.close();
  }
}

/** What is asked for from outside: the first wish ends the daemon gently, the second at once. */
class StopWishes {
  readonly first: Promise<string>;
  readonly second: Promise<null>;
  readonly close: () => void;

  constructor(init: CliInit) {
    const gentle = Promise.withResolvers<string>();
    const rough = Promise.withResolvers<null>();
    let count = 0;
    this.close = init.onStop((reason) => {
      if (count++ === 0) gentle.resolve(reason);
      else rough.resolve(null);
    });
    this.first = gentle.promise;
    this.second = rough.promise;
  }
}

async function drain(
  daemon: RunningDaemon,
  wishes: StopWishes,
  init: CliInit,
  logger: Logger,
): Promise<number> {
  const late = Promise.withResolvers<'late'>();
  const cancel = init.clock.after(DRAIN_MS, () => late.resolve('late'));
  const stopped = daemon.stop().then(() => 'stopped' as const);
  const end = await Promise.race([stopped, late.promise, wishes.second]);
  cancel();
  if (end === null) return forced(logger);
  if (end === 'late') {
    throw new DaemonError('SHUTTING_DOWN', 'stopping took longer than ten seconds; ended at once');
  }
  return EXIT.ok;
}

function forced(logger: Logger): number {
  logger.warn({ component: 'daemon', event: 'forced' }, 'ended at once, as asked for twice');
  return EXIT.failure;
}
