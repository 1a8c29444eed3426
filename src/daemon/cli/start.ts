import type { Setting } from '../config/index.ts';
import { DaemonError, EXIT } from '../errors.ts';
import type { Logger } from '../logging.ts';
import type { CliInit } from './init.ts';
import { configFile, readConfiguration } from './locate.ts';

/** From the first wish to stop to the end; operators are promised less than ten seconds. */
const DRAIN_MS = 9_500;

/** Runs a daemon until a signal ends it; resolves with the exit code. */
export async function start(
  file: string | undefined,
  flags: readonly Setting[],
  init: CliInit,
): Promise<number> {
  const path = configFile(file, init);
  const read = () => readConfiguration(path, flags, init);
  const { config, origins } = await read();
  const logger = await init.daemons.createLogger(config);
  const wishes = hearStopWishes(init, logger);
  const reloads = hearReloadWishes(init);
  try {
    const { signal } = wishes;
    const run = async () => {
      const files = { origins, read };
      const daemon = await init.daemons.startDaemon(config, logger, signal, files);
      reloads.serve(() => daemon.control?.reload());
      const failure = await Promise.race([wishes.first, daemon.failed ?? wishes.first]);
      await daemon.stop();
      if (failure !== undefined) throw failure;
    };
    const stopped = run().then(
      () => 'stopped' as const,
      (error) => {
        if (!signal.aborted || error !== signal.reason) throw error;
        logger.info({ component: 'daemon', event: 'stopped' }, 'stopped before it was up');
        return 'stopped' as const;
      },
    );
    const end = await Promise.race([stopped, wishes.over]);
    if (end === 'stopped') return EXIT.ok;
    if (end === 'late') {
      throw new DaemonError(
        'SHUTTING_DOWN',
        'stopping took longer than ten seconds; ended at once',
      );
    }
    logger.warn({ component: 'daemon', event: 'forced' }, 'ended at once, as asked for twice');
    return EXIT.failure;
  } finally {
    wishes.close();
    reloads.close();
  }
}

/**
 * The first wish ends the daemon gently, also while it starts. `over` resolves when the daemon has to end
 * at once: a second wish came, or the first came too long ago.
 */
function hearStopWishes(init: CliInit, logger: Logger) {
  const gentle = Promise.withResolvers<void>();
  const asked = new AbortController();
  const rough = Promise.withResolvers<'forced' | 'late'>();
  let cancel: (() => void) | undefined;
  const forget = init.onStop((reason) => {
    if (cancel !== undefined) return rough.resolve('forced');
    cancel = init.clock.after(DRAIN_MS, () => rough.resolve('late'));
    logger.info({ component: 'daemon', event: 'stopping', reason }, `stopping: ${reason}`);
    gentle.resolve();
    asked.abort();
  });
  const close = () => {
    cancel?.();
    forget();
  };
  return { first: gentle.promise, signal: asked.signal, over: rough.promise, close };
}

/** Wishes that come while the daemon starts are heard once it is up. The daemon logs what becomes of each. */
function hearReloadWishes(init: CliInit) {
  const up = Promise.withResolvers<() => Promise<unknown> | undefined>();
  const forget = init.onReload?.(() => {
    void up.promise.then((reload) => reload()).catch(() => undefined);
  });
  return {
    serve: (reload: () => Promise<unknown> | undefined) => up.resolve(reload),
    close: () => forget?.(),
  };
}
