import type { Readable, Writable } from 'node:stream';
import type { Clock, Random, Witness } from '../../store/index.ts';
import type { Config, ConfigurationFiles } from '../config/index.ts';
import type { NodeControl } from '../control-api.ts';
import type { Logger } from '../logging.ts';
import { isFull, unwritable } from './errors.ts';

/** The parts of its process that the command line uses. */
export interface CliInit {
  /** The arguments behind the script's name. */
  readonly argv: readonly string[];
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Absolute. */
  readonly cwd: string;
  readonly stdin: Readable;
  readonly stdout: Terminal;
  readonly stderr: Terminal;
  readonly clock: Clock;
  readonly random: Pick<Random, 'bytes'>;
  /** The witness of commits in a file. */
  readonly witness: (path: string) => Pick<Witness, 'read'>;
  /** Loads a module of the operator; rejects if that fails. */
  readonly loadModule: (path: string) => Promise<unknown>;
  /** New files of this process are for their owner alone from now on. */
  readonly keepFilesPrivate: () => void;
  /** Version of the package. */
  readonly version: string;
  readonly daemons: DaemonHost;
  /**
   * Calls back each time a signal asks the process to read its configuration again.
   * @default never
   */
  readonly onReload?: (listener: () => void) => () => void;
  /** Calls back with a reason each time a signal or the parent asks the process to end. */
  readonly onStop: (listener: (reason: string) => void) => () => void;
}

/** Where daemons run. */
export interface DaemonHost {
  createLogger(config: Config): Promise<Logger>;
  /** Rejects with the signal's reason if the start is called off in time. */
  startDaemon(
    config: Config,
    logger: Logger,
    signal: AbortSignal,
    configuration: ConfigurationFiles,
  ): Promise<RunningDaemon>;
}

/** A stream for output, with the size of the screen where it is a terminal. */
export type Terminal = Writable & {
  readonly isTTY?: boolean;
  readonly columns?: number | undefined;
  readonly rows?: number | undefined;
};

/** A daemon that is up. */
export interface RunningDaemon {
  /** URL of the admin endpoint. */
  readonly admin: string;
  readonly peerId: string;
  /** Reads its configuration again. */
  readonly control?: Pick<NodeControl, 'reload'>;
  /** Resolves with the reason if it must not go on. @default never */
  readonly failed?: Promise<Error>;
  stop(): Promise<void>;
}

/** Writes one line, and waits while the reader is slow. */
export async function printLine(out: Terminal, line: string): Promise<void> {
  await write(out, `${line}\n`);
}

/** Rejects with `OUTPUT_UNWRITTEN`, or with EPIPE where the reader has gone. */
export async function write(out: Terminal, chunk: string | Uint8Array): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    out.write(chunk, (error) => (error ? reject(error) : resolve()));
  }).catch((cause) => {
    throw isFull(cause) ? unwritable('the output', cause) : cause;
  });
}
