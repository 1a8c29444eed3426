import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable, Writable } from 'node:stream';
import {
  type CliInit,
  type DaemonHost,
  runCli,
  type Terminal,
} from '../../../src/daemon/cli/index.ts';
import { createLogger } from '../../../src/daemon/index.ts';
import {
  systemClock,
  systemPrograms,
  systemRandom,
  systemWitness,
} from '../../../src/daemon/system/index.ts';
import { type RunningAdmin, startAdminOn } from '../admin/running-admin.ts';

export interface Ran {
  readonly exitCode: number;
  readonly stdout: string;
  readonly stderr: string;
  /** The lines of standard output as JSON. */
  // biome-ignore lint/suspicious/noExplicitAny: tests look into output of every shape.
  json(): any[];
}

export type RunInit = Partial<Omit<CliInit, 'argv' | 'stdin' | 'daemons'> & DaemonHost> & {
  /** Standard error is a terminal. @default false */
  tty?: boolean;
  /** Standard output is a terminal. @default false */
  outTty?: boolean;
  /** Sees standard output as it comes. */
  onOut?: (text: string) => void;
  onErr?: (text: string) => void;
  /** Lines of standard output, a terminal. @default not known */
  outRows?: number;
  stdin?: Iterable<Uint8Array | string> | AsyncIterable<Uint8Array | string>;
};

/** Runs a command line in this process. */
export async function run(argv: readonly string[], init: RunInit = {}): Promise<Ran> {
  const { tty = false, outTty = false, onOut, onErr, outRows, ...given } = init;
  const {
    createLogger: logger = async (config) =>
      createLogger({ clock: systemClock, level: config.log.level, destination: err.lines }),
    startDaemon = () => Promise.reject(new Error('no daemon here')),
    ...rest
  } = given;
  const [out, err] = [new Capture(outTty, onOut, outRows), new Capture(tty, onErr)];
  const exitCode = await runCli({
    env: {},
    cwd: tmpdir(),
    stdout: out,
    stderr: err,
    clock: systemClock,
    random: systemRandom,
    witness: systemWitness,
    loadModule: systemPrograms.load,
    keepFilesPrivate: () => undefined,
    version: '1.2.3',
    daemons: { createLogger: logger, startDaemon },
    onStop: () => () => undefined,
    ...rest,
    argv,
    stdin: Readable.from(buffers(init.stdin ?? [])),
  });
  const json = () =>
    out.text
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line));
  return { exitCode, stdout: out.text, stderr: err.text, json };
}

async function* buffers(parts: NonNullable<RunInit['stdin']>): AsyncGenerator<Buffer> {
  for await (const part of parts) yield Buffer.from(part);
}

class Capture extends Writable implements Terminal {
  readonly isTTY: boolean;
  #parts: Buffer[] = [];
  readonly lines: { write: (line: string) => void } = {
    write: (line: string) => void this.write(line),
  };

  readonly #onText: ((text: string) => void) | undefined;

  readonly rows: number | undefined;

  constructor(isTTY: boolean, onText?: (text: string) => void, rows?: number) {
    super();
    this.isTTY = isTTY;
    this.rows = rows;
    this.#onText = onText;
  }

  get text(): string {
    return Buffer.concat(this.#parts).toString();
  }

  override _write(chunk: Buffer, _encoding: string, done: () => void): void {
    this.#parts.push(chunk);
    done();
    this.#onText?.(chunk.toString());
  }
}

export interface Station extends RunningAdmin {
  /** For files of a test; the data directory lies in it. */
  readonly scratch: string;
  /** The data directory. */
  readonly directory: string;
  /** Arguments by which a verb finds the endpoint. */
  readonly target: readonly string[];
  close(): Promise<void>;
}

/** An admin endpoint over a fake node, and the data directory of a daemon that serves it. */
export async function openStation(maxItemBytes: number = 64 * 1024): Promise<Station> {
  const scratch = await mkdtemp(join(tmpdir(), 'rangemesh-cli-'));
  const directory = join(scratch, 'data');
  await mkdir(directory);
  const running = await startAdminOn(directory, { limits: { maxItemBytes } });
  return {
    ...running,
    directory,
    scratch,
    target: ['--data-dir', directory],
    async close() {
      await running.admin.close();
      await rm(scratch, { recursive: true, force: true });
    },
  };
}
