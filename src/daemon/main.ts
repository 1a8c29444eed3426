import type { CliInit } from './cli/index.ts';
import { EXIT } from './errors.ts';
import type { Logger } from './logging.ts';
import { hearStopWishes, onReload, onStop } from './stop-signals.ts';
import {
  keepFilesPrivate,
  outlivesTerminal,
  systemClock,
  systemOutput,
  systemPrograms,
  systemRandom,
  systemWitness,
} from './system/index.ts';
import { VERSION } from './version.ts';

// First of all: the parent may end, or a signal come, while the rest is being loaded. That is why it is
// loaded only behind this line.
hearStopWishes({ ignoreHangup: outlivesTerminal() });

let logger: Logger | undefined;
for (const event of ['uncaughtException', 'unhandledRejection'] as const) {
  process.on(event, (error: unknown) => die(event, error));
}

const { runCli } = await import('./cli/index.ts');
/** Replaces the exit code of a verb that is content. */
let outputCode: number = EXIT.ok;
for (const stream of [process.stdout, process.stderr]) {
  stream.on('error', (error: NodeJS.ErrnoException) => {
    // A daemon goes on without a reader of its output.
    if (logger !== undefined) return;
    if (error.code === 'EPIPE') process.exit(EXIT.brokenPipe);
    // A verb that waits for its output says why it fails.
    outputCode = EXIT.corrupt;
  });
}

const init: CliInit = {
  argv: process.argv.slice(2),
  env: process.env,
  cwd: process.cwd(),
  stdin: process.stdin,
  stdout: process.stdout,
  stderr: process.stderr,
  clock: systemClock,
  random: systemRandom,
  witness: systemWitness,
  loadModule: systemPrograms.load,
  keepFilesPrivate,
  version: VERSION,
  daemons: {
    // The verbs that only speak HTTP load neither the logger nor libp2p and LevelDB.
    async createLogger(config) {
      const { createLogger } = await import('./logging.ts');
      logger = createLogger({ clock: systemClock, level: config.log.level });
      return logger;
    },
    async startDaemon(config, log, signal, configuration) {
      // Not for all verbs: what `get` writes is the user's.
      keepFilesPrivate();
      // Before libp2p is loaded: an operator who mistyped the directory is told at once.
      const { makePrivate } = await import('./files/index.ts');
      await makePrivate(config.node.dataDir);
      const { hostSystem, startDaemon } = await import('./node/index.ts');
      const { processMetrics } = await import('./metrics/index.ts');
      const system = { ...hostSystem(), processMetrics: processMetrics() };
      return startDaemon({ config, configuration, system, logger: log, signal });
    },
  },
  onStop,
  onReload,
};

const exitCode = await runCli(init);
logger?.flush();
// A stream tells its error a tick later.
await new Promise<void>((resolve) => process.nextTick(resolve));
process.exit(exitCode === EXIT.ok ? outputCode : exitCode);

function die(event: string, error: unknown): never {
  const { code = 'INTERNAL', message } = Object(error);
  try {
    const line = `rangemesh: ${message ?? error} [${code}]\n`;
    systemOutput('stderr').write(new TextEncoder().encode(line));
  } catch {
    // Standard error has no room, and the log may have some.
  }
  logger?.fatal({ err: error, code, event }, 'ended by an uncaught error');
  process.exit(1);
}
