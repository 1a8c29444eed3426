import { type ChildProcess, spawn } from 'node:child_process';
import { EventEmitter, once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { ALLOCATOR, V8_FLAGS } from './v8-flags.ts';

const LAUNCHER = fileURLToPath(new URL('../../bin/rangemesh.js', import.meta.url));

/** A line of the daemon's log, as pino wrote it. */
export type LogLine = Record<string, unknown> & { msg?: string };

export interface SpawnInit {
  config?: string;
  dataDir: string;
  /** Further arguments of `rangemesh start`. */
  args?: readonly string[];
  /** Arguments of Node itself. */
  execArgv?: readonly string[];
  /** Calls the start off when it aborts before the daemon is up. */
  signal?: AbortSignal;
  /** Sees every log line as it comes. */
  onLog?: (line: LogLine) => void;
}

/**
 * A real daemon in a process of its own. It holds an IPC channel to this process and ends when that
 * breaks, so it does not outlive its parent however the parent ends. Being in a process group of its
 * own, it does not get the Ctrl-C that a terminal sends to its parent.
 */
export class DaemonProcess {
  readonly admin: string;
  readonly peerId: string;
  readonly dataDir: string;
  readonly log: LogLine[];
  /** Resolves once the process is gone, however it ended. */
  readonly ended: Promise<void>;
  readonly #child: ChildProcess;
  readonly #lines: EventEmitter<{ line: [LogLine] }>;

  private constructor(init: {
    child: ChildProcess;
    dataDir: string;
    log: LogLine[];
    lines: EventEmitter<{ line: [LogLine] }>;
    ready: LogLine;
  }) {
    const { ready } = init;
    this.#child = init.child;
    this.ended = once(init.child, 'exit').then(() => undefined);
    this.#lines = init.lines;
    this.dataDir = init.dataDir;
    this.log = init.log;
    this.admin = String(ready.admin);
    this.peerId = String(ready.peerId);
  }

  /** Resolves once the daemon says it is up; rejects with its last words when it ends before. */
  static async start(init: SpawnInit): Promise<DaemonProcess> {
    const args = [LAUNCHER, 'start', '--data-dir', init.dataDir, ...(init.args ?? [])];
    if (init.config !== undefined) args.push('--config', init.config);
    const stdio = ['ignore', 'pipe', 'pipe', 'ipc'] as const;
    const command = [...V8_FLAGS, ...(init.execArgv ?? []), ...args];
    init.signal?.throwIfAborted();
    const env = { ...ALLOCATOR, ...process.env };
    const child = spawn(process.execPath, command, { stdio: [...stdio], detached: true, env });
    const log: LogLine[] = [];
    const lines = new EventEmitter<{ line: [LogLine] }>();
    if (init.onLog !== undefined) lines.on('line', init.onLog);
    let words = '';
    child.stderr?.on('data', (chunk) => {
      words = (words + chunk).slice(-4_000);
    });
    const ready = new Promise<LogLine>((resolve, reject) => {
      createInterface({ input: child.stdout! }).on('line', (text) => {
        const line = parseLine(text);
        log.push(line);
        if (log.length > 10_000) log.shift();
        lines.emit('line', line);
        if (line.event === 'started') resolve(line);
      });
      child.once('exit', (code, signal) =>
        reject(new Error(`the daemon ended (${code ?? signal}) before it was up: ${words}`)),
      );
    });
    const callOff = () => child.kill('SIGKILL');
    init.signal?.addEventListener('abort', callOff, { once: true });
    try {
      return new DaemonProcess({ child, dataDir: init.dataDir, log, lines, ready: await ready });
    } finally {
      init.signal?.removeEventListener('abort', callOff);
    }
  }

  get pid(): number {
    return this.#child.pid!;
  }

  /** The token for state-changing calls, as the daemon left it in its data directory. */
  async token(): Promise<string> {
    return (await readFile(join(this.dataDir, 'admin.token'), 'utf8')).trim();
  }

  /** Sends a message over the IPC channel and resolves with the answer. */
  async ask(message: string): Promise<unknown> {
    const answer = once(this.#child, 'message');
    this.#child.send(message);
    return (await answer)[0];
  }

  /**
   * Resolves with the first log line, past or to come, that `wanted` accepts. Rejects, with the last
   * lines there are, when none has come after `limitMs`.
   */
  async logged(wanted: (line: LogLine) => boolean, limitMs = 30_000): Promise<LogLine> {
    const known = this.log.find(wanted);
    if (known !== undefined) return known;
    return new Promise((resolve, reject) => {
      const listener = (line: LogLine) => {
        if (!wanted(line)) return;
        clearTimeout(timer);
        this.#lines.off('line', listener);
        resolve(line);
      };
      this.#lines.on('line', listener);
      const timer = setTimeout(() => {
        this.#lines.off('line', listener);
        const last = this.log.slice(-5).map((line) => `\n  ${JSON.stringify(line)}`);
        reject(
          new Error(`the line was not logged within ${limitMs} ms; the log ends:${last.join('')}`),
        );
      }, limitMs).unref();
    });
  }

  /** Sends the signal and resolves with the exit code once the process is gone. */
  async stop(signal: NodeJS.Signals = 'SIGTERM'): Promise<number | null> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) {
      return this.#child.exitCode;
    }
    const exited = once(this.#child, 'exit');
    this.#child.kill(signal);
    const [code] = await exited;
    return code;
  }
}

function parseLine(text: string): LogLine {
  try {
    return JSON.parse(text);
  } catch {
    return { msg: text };
  }
}
