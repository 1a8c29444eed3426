import { lookup } from 'node:dns/promises';
import { closeSync, constants, fstatSync, openSync, readFileSync, writeSync } from 'node:fs';
import { networkInterfaces } from 'node:os';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import type { Witness } from '../../store/index.ts';
import type { Output } from '../log/index.ts';

/** Bits of the flags of an open file that tell whether it is read, written or both. */
const ACCESS_MODE = 3;

/** Milliseconds since the epoch as ISO 8601 in UTC, with milliseconds. */
export function isoTime(epochMs: number): string {
  return new Date(epochMs).toISOString();
}

/** Milliseconds since the epoch in the form of HTTP's header Date (RFC 9110, 5.6.7). */
export function httpTime(epochMs: number): string {
  return new Date(epochMs).toUTCString();
}

/** Milliseconds since the epoch of a time in ISO 8601 with its offset from UTC; NaN for any other text. */
export function fromIsoTime(text: string): number {
  const isTime = /^\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d(\.\d{1,3})?)?(Z|[+-]\d\d:\d\d)$/.test(text);
  return isTime ? new Date(text).getTime() : Number.NaN;
}

/** Minutes since midnight, in local time, of milliseconds since the epoch. */
export function localMinute(epochMs: number): number {
  const date = new Date(epochMs);
  return 60 * date.getHours() + date.getMinutes();
}

/** Files that this process makes from now on are for their owner alone. */
export function keepFilesPrivate(): void {
  process.umask(0o077);
}

/** Names and addresses as this machine sees them. */
export interface HostNetwork {
  /** IP addresses of a name, of one family or (0) of both. */
  lookup(name: string, family: 0 | 4 | 6): Promise<string[]>;
  /** IP addresses of this machine. */
  addresses(): string[];
}

/** The real network. */
export const systemNetwork: HostNetwork = {
  async lookup(name, family) {
    return (await lookup(name, { all: true, family })).map(({ address }) => address);
  },
  addresses() {
    return Object.values(networkInterfaces()).flatMap((all = []) =>
      all.map(({ address }) => address),
    );
  },
};

/** The delay of the event loop is looked at so often; the figures contain this time. */
const LOOP_SAMPLE_MS = 20;

/** Returns a function: the mean delay of the event loop since its last call, in milliseconds. */
export function systemLoopDelay(): () => number {
  const delays = monitorEventLoopDelay({ resolution: LOOP_SAMPLE_MS });
  delays.enable();
  return () => {
    const { mean, count } = delays;
    delays.reset();
    return count === 0 ? 0 : mean / 1e6 - LOOP_SAMPLE_MS;
  };
}

/** Milliseconds of the processor that this thread has used; before Node 23.9, of real time. */
export function systemBusyTime(): number {
  if (typeof process.threadCpuUsage !== 'function') return performance.now();
  const { user, system } = process.threadCpuUsage();
  return (user + system) / 1_000;
}

/** A `Witness` in a file, which is closed at the end. */
export interface FileWitness extends Witness {
  close(): void;
}

/**
 * A witness in the file `path`: 8 bytes, little-endian, overwritten in place. It is not synced: it must
 * outlive the process and LevelDB's log, not a loss of power. An unreadable file counts as 0.
 */
export function systemWitness(path: string): FileWitness {
  let file: number | undefined;
  const number = new Uint8Array(8);
  const view = new DataView(number.buffer);
  const close = (): void => {
    if (file !== undefined) closeSync(file);
    file = undefined;
  };
  return {
    async read() {
      try {
        const bytes = readFileSync(path);
        return bytes.length === 8 ? Number(bytes.readBigUInt64LE()) : 0;
      } catch {
        return 0;
      }
    },
    write(commit) {
      try {
        file ??= openSync(path, constants.O_RDWR | constants.O_CREAT, 0o600);
        view.setBigUint64(0, BigInt(commit), true);
        writeSync(file, number, 0, 8, 0);
      } catch {
        close();
      }
    },
    close,
  };
}

/** Standard output or standard error of this process. */
export function systemOutput(name: 'stdout' | 'stderr'): Output {
  let file: number | undefined;
  return {
    write(bytes) {
      file ??= withoutWaiting(name);
      return writeSync(file, bytes);
    },
    block: (durationMs) =>
      void Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, durationMs),
  };
}

/**
 * A descriptor whose writes do not wait for a reader. Linux opens pipes and terminals once more, so other
 * processes that write to them keep their mode. Other pipes and sockets became non-blocking when Node made
 * its stream of them.
 */
function withoutWaiting(name: 'stdout' | 'stderr'): number {
  const fd = process[name].fd ?? { stdout: 1, stderr: 2 }[name];
  const { O_WRONLY, O_NONBLOCK, O_NOCTTY } = constants;
  try {
    if (fstatSync(fd).isFile()) return fd;
    return openSync(`/proc/self/fd/${fd}`, O_WRONLY | O_NONBLOCK | O_NOCTTY);
  } catch {
    return fd;
  }
}

/**
 * Whether nohup started this process. Node no longer ignores SIGHUP then: it resets all signals when it
 * starts. Two traces of nohup are left: its path, where the shell notes the command, and a standard input
 * that can only be written, where it replaced a terminal.
 */
export function outlivesTerminal(): boolean {
  if (/(^|\/)nohup$/.test(process.env._ ?? '')) return true;
  try {
    const [, flags] = /^flags:\s*([0-7]+)$/m.exec(readFileSync('/proc/self/fdinfo/0', 'utf8'))!;
    return (Number.parseInt(flags!, 8) & ACCESS_MODE) === constants.O_WRONLY;
  } catch {
    return false;
  }
}
