import type { Setting } from '../config/index.ts';
import { DaemonError, EXIT } from '../errors.ts';
import type { Logger } from '../logging.ts';
import type { CliInit, RunningDaemon } from './init.ts';
import { readConfig } from './locate.ts';

/** From the first wish to stop to the end; below the ten seconds an operator is promised. */
const DRAIN_MS = 9_500;

/** Runs a daemon until somebody ends it; resolves with the exit code. */
export async function start(
  file: string | undefined,
  flags: readonly Setting[],
  init: CliInit,
): Promise<number> {
  const config = await readConfig(file, flags, init);
  const logger = await init.daemons.createLogger(config);
  const wishes = new StopWishes(init, logger);
  try {
    const running = runUntil(wishes.first, init.daemons.startDaemon(config, logger));
    const end = await Promise.race([running, wishes.over]);
    if (end === 'stopped') return EXIT.ok;
    if (end === 'forced') return forced(logger);
    throw new DaemonError('SHUTTING_DOWN', 'stopping took longer than ten seconds; ended at once');
  } finally {
    wishes.close();
  }
}

async function runUntil(
  asked: Promise<void>,
  starting: Promise<RunningDaemon>,
): Promise<'stopped'> {
  const daemon = await starting;
  await asked;
  await daemon.stop();
  return 'stopped';
}

/**
 * What is asked for from outside: the first wish ends the daemon gently, also while it starts; the
 * second at once, and so does time running out after the first.
 */
class StopWishes {
  readonly first: Promise<void>;
  readonly over: Promise<'forced' | 'late'>;
  readonly close: () => void;

  constructor(init: CliInit, logger: Logger) {
    const gentle = Promise.withResolvers<void>();
    const rough = Promise.withResolvers<'forced' | 'late'>();
    let cancel: (() => void) | undefined;
    const forget = init.onStop((reason) => {
      if (cancel !== undefined) return rough.resolve('forced');
      cancel = init.clock.after(DRAIN_MS, () => rough.resolve('late'));
      logger.info({ component: 'daemon', event: 'stopping', reason }, `stopping: ${reason}`);
      gentle.resolve();
    });
    this.close = () => {
      cancel?.();
      forget();
    };
    this.first = gentle.promise;
    this.over = rough.promise;
  }
}

function forced(logger: Logger): number {
  logger.warn({ component: 'daemon', event: 'forced' }, 'ended at once, as asked for twice');
  return EXIT.failure;
}
