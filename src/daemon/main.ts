import { BROKEN_PIPE, type CliInit, runCli } from './cli/index.ts';
import type { Logger } from './logging.ts';
import { systemClock, systemDisk, systemRandom, systemWitness } from './system.ts';
import { VERSION } from './version.ts';

let logger: Logger | undefined;

const init: CliInit = {
  argv: process.argv.slice(2),
  env: process.env,
  cwd: process.cwd(),
  stdin: process.stdin,
  stdout: process.stdout,
  stderr: process.stderr,
  clock: systemClock,
  version: VERSION,
  // The verbs that only speak HTTP load neither the logger nor libp2p and LevelDB.
  async createLogger(config) {
    const { createLogger } = await import('./logging.ts');
    logger = createLogger({ clock: systemClock, level: config.log.level });
    return logger;
  },
  async startDaemon(config, log) {
    const { startDaemon } = await import('./daemon.ts');
    const system = {
      clock: systemClock,
      random: systemRandom,
      disk: systemDisk,
      witness: systemWitness,
    };
    return startDaemon({ config, system, logger: log });
  },
  onStop,
};

for (const stream of [process.stdout, process.stderr]) {
  stream.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code === 'EPIPE') process.exit(BROKEN_PIPE);
    throw error;
  });
}
for (const event of ['uncaughtException', 'unhandledRejection'] as const) {
  process.on(event, (error: unknown) => die(event, error));
}

process.exit(await runCli(init));

/** Signals, and the end of a parent that holds an IPC channel to us, however it ends. */
function onStop(listener: (reason: string) => void): () => void {
  const signals = ['SIGTERM', 'SIGINT'] as const;
  const orphaned = () => listener('the parent process ended');
  for (const signal of signals) process.on(signal, listener);
  if (process.connected) process.on('disconnect', orphaned);
  return () => {
    for (const signal of signals) process.off(signal, listener);
    process.off('disconnect', orphaned);
  };
}

function die(event: string, error: unknown): never {
  const { code = 'INTERNAL', message } = Object(error);
  if (logger !== undefined)
    logger.fatal({ err: error, code, event }, 'ended by an error nobody caught');
  process.stderr.write(`rangemesh: ${message ?? error} [${code}]\n`);
  process.exit(1);
}
