import { format } from 'node:util';
import type { ComponentLogger, Logger as Libp2pLogger } from '@libp2p/interface';
import { type DestinationStream, type LoggerOptions, type Logger as PinoLogger, pino } from 'pino';
import type { Clock } from '../store/index.ts';
import { LineLimiter, LogStream, VERBOSE_RATES } from './log/index.ts';
import type { LogLevel } from './log/options.ts';
import { isoTime, systemOutput } from './system/index.ts';

export type { LogLevel } from './log/options.ts';

export type Logger = PinoLogger;

/** Lines that did not reach the log since the start. */
export interface LogLosses {
  /** Too many of a kind. */
  readonly leftOut: number;
  /** The output had no room for them. */
  readonly lost: number;
}

/** A root logger that knows which lines it dropped. */
export interface CountingLogger extends Logger {
  readonly losses?: () => LogLosses;
}

/** What `createLogger` needs. */
export interface LoggingInit {
  readonly clock: Clock;
  /**
   * Least important level that is written. `debug` adds repeats and errors inside libp2p, `trace` all
   * lines of libp2p.
   * @default 'info'
   */
  readonly level?: LogLevel;
  /** @default standard output; lines that find no room there are dropped and counted */
  readonly destination?: DestinationStream;
}

/** Field names whose values never reach the log, at the top of a line or one object deeper. */
const SECRETS = ['token', 'psk', 'preSharedKey', 'privateKey', 'secret', 'authorization', 'cookie'];

const LEFT_OUT = 'lines-left-out';

/**
 * The root logger: one JSON object a line with `time` (ISO 8601, UTC), `level`, `msg`, and the
 * fields of the child that wrote it: `component`, `peer`, `session`. Lines of one kind that come too fast
 * are left out and counted; at levels `debug` and `trace` a hundred times as many are written. `flush` writes
 * the counts at once.
 */
export function createLogger(init: LoggingInit): CountingLogger {
  const { clock } = init;
  const report = (of: string, lines: number) => {
    const fields = { component: 'log', event: LEFT_OUT, of, lines };
    logger.warn(fields, 'lines were left out: too many of a kind; log.level debug shows more');
  };
  const usual = new LineLimiter({ clock, report });
  const verbose = new LineLimiter({ clock, report, rates: VERBOSE_RATES });
  const options: LoggerOptions = {
    level: init.level ?? 'info',
    base: null,
    timestamp: () => `,"time":"${isoTime(clock.now())}"`,
    formatters: { level: (label: string) => ({ level: label }) },
    hooks: limitedBy(usual, verbose),
    redact: {
      paths: SECRETS.flatMap((name) => [name, `*.${name}`]).concat('req.headers.authorization'),
      censor: '[redacted]',
    },
  };
  const output = init.destination ?? standardOutput(clock);
  const logger = pino(options, output);
  const flush = logger.flush.bind(logger);
  return Object.assign(logger, {
    losses: () => ({
      leftOut: usual.leftOut + verbose.leftOut,
      lost: output instanceof LogStream ? output.lost : 0,
    }),
    flush(done?: (error?: Error) => void) {
      usual.flush();
      verbose.flush();
      flush(done);
    },
  });
}

/** The loggers made by `child` follow the root, unless they were given a level of their own. */
export function setLogLevel(root: Logger, level: LogLevel): void {
  root.level = level;
}

/** All lines pass here, so none that a peer or a client can cause is forgotten. */
function limitedBy(usual: LineLimiter, verbose: LineLimiter): NonNullable<LoggerOptions['hooks']> {
  const { fatal } = pino.levels.values;
  return {
    logMethod(args, method, level) {
      const [first, message]: unknown[] = args;
      const { event, code, peer, component } = Object(first);
      const kind = String(
        event ?? code ?? partOfLibp2p(component) ?? (typeof first === 'string' ? first : message),
      );
      const free = level >= fatal! || event === LEFT_OUT;
      const limiter = this.isLevelEnabled('debug') ? verbose : usual;
      if (free || limiter.admits(kind, peer === undefined ? null : String(peer))) {
        method.apply(this, args);
      }
    },
  };
}

/** Such as `libp2p:tcp`: what follows may name a connection, and the messages name peers. */
function partOfLibp2p(component: unknown): string | undefined {
  return /^libp2p:[^:]*/.exec(String(component))?.[0];
}

function standardOutput(clock: Clock): LogStream {
  const output = systemOutput('stdout');
  const lossLine = (lost: number): string =>
    `${JSON.stringify({
      level: 'warn',
      time: isoTime(clock.now()),
      component: 'log',
      event: 'lines-lost',
      lines: lost,
      msg: 'lines were lost: the output had no room for them',
    })}\n`;
  return new LogStream({ clock, output, lossLine });
}

/** libp2p's log lines go to `trace`, its errors to `debug`: most of them are a peer that hung up. */
export function libp2pLogging(logger: Logger): ComponentLogger {
  return { forComponent: (name) => libp2pLogger(logger, name) };
}

function libp2pLogger(logger: Logger, component: string): Libp2pLogger {
  const write = (level: 'trace' | 'debug', formatter: unknown, args: unknown[]) => {
    if (logger.isLevelEnabled(level)) logger[level]({ component }, printed(formatter, args));
  };
  const log = (formatter: unknown, ...args: unknown[]) => write('trace', formatter, args);
  const scoped: Omit<Libp2pLogger, 'enabled'> = Object.assign(log, {
    error: (formatter: unknown, ...args: unknown[]) => write('debug', formatter, args),
    trace: log,
    newScope: (scope: string) => libp2pLogger(logger, `${component}:${scope}`),
  });
  return Object.defineProperty(scoped, 'enabled', {
    get: () => logger.isLevelEnabled('trace'),
  }) as Libp2pLogger;
}

/** libp2p's letters: peer id, CID, key, address, error, and bytes in several bases. */
function printed(formatter: unknown, args: unknown[]): string {
  if (typeof formatter !== 'string') return format(formatter, ...args);
  const letters = [...formatter.matchAll(/%([a-zA-Z%])/g)].flatMap(([, letter]) =>
    letter === '%' ? [] : [letter!],
  );
  const values = args.map((value, i) =>
    'pckaebtm'.includes(letters[i] ?? '-') ? text(value) : value,
  );
  return format(formatter.replace(/%[pckaebtm]/g, '%s'), ...values);
}

function text(value: unknown): string {
  if (value instanceof Error) return `${value.name}: ${value.message}`;
  return value instanceof Uint8Array ? `${value.length} bytes` : String(value);
}
