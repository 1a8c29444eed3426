import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

const LAUNCHER = fileURLToPath(new URL('../../bin/rangemesh.js', import.meta.url));

/** A line of the daemon's log, as pino wrote it. */
export type LogLine = Record<string, unknown> & { msg?: string };

export interface SpawnInit {
  config?: string;
  dataDir: string;
  /** Further arguments of `rangemesh start`. */
  args?: readonly string[];
  /** Sees every log line as it comes. */
  onLog?: (line: LogLine) => void;
}

/**
 * A real daemon in a process of its own. It holds an IPC channel to this process and ends when that
 * breaks, so it does not outlive its parent however the parent ends.
 */
export class DaemonProcess {
  readonly admin: string;
  readonly peerId: string;
  readonly dataDir: string;
  readonly log: LogLine[];
  readonly #child: ChildProcess;

  private constructor(child: ChildProcess, dataDir: string, log: LogLine[], ready: LogLine) {
    this.#child = child;
    this.dataDir = dataDir;
    this.log = log;
    this.admin = String(ready.admin);
    this.peerId = String(ready.peerId);
  }

  /** Resolves once the daemon says it is up; rejects with its last words when it ends before. */
  static async start(init: SpawnInit): Promise<DaemonProcess> {
    const args = [LAUNCHER, 'start', '--data-dir', init.dataDir, ...(init.args ?? [])];
    if (init.config !== undefined) args.push('--config', init.config);
    const stdio = ['ignore', 'pipe', 'pipe', 'ipc'] as const;
    const child = spawn(process.execPath, args, { stdio: [...stdio] });
    const log: LogLine[] = [];
    let words = '';
    child.stderr?.on('data', (chunk) => {
      words = (words + chunk).slice(-4_000);
    });
    const ready = new Promise<LogLine>((resolve, reject) => {
      createInterface({ input: child.stdout! }).on('line', (text) => {
        const line = parseLine(text);
        log.push(line);
        if (log.length > 10_000) log.shift();
        init.onLog?.(line);
        if (line.event === 'started') resolve(line);
      });
      child.once('exit', (code, signal) =>
        reject(new Error(`the daemon ended (${code ?? signal}) before it was up: ${words}`)),
      );
    });
    return new DaemonProcess(child, init.dataDir, log, await ready);
  }

  get pid(): number {
    return this.#child.pid!;
  }

  /** The token for state-changing calls, as the daemon left it in its data directory. */
  async token(): Promise<string> {
    return (await readFile(join(this.dataDir, 'admin.token'), 'utf8')).trim();
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
