import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { text } from 'node:stream/consumers';
import { AdminClient } from '../../scripts/support/admin-client.ts';
import { DaemonProcess } from '../../scripts/support/daemon-process.ts';
import { LAUNCHER } from '../e2e/support/launcher.ts';

const ARGS = [
  ...['--listen', '/ip4/127.0.0.1/tcp/0', '--admin-port', '0'],
  ...['--set', 'sync.intervalMs=2000', '--set', 'limits.minFreeBytes=0'],
];

/** A daemon that is up. */
export interface Node {
  readonly daemon: DaemonProcess;
  readonly client: AdminClient;
}

/** How a process ended. */
export interface Ending {
  readonly code: number | null;
  readonly signal: string | null;
  readonly words: string;
}

export async function startNode(
  dataDir: string,
  settings: readonly string[] = [],
): Promise<Node | Ending> {
  const args = [...ARGS, ...settings.flatMap((setting) => ['--set', setting])];
  try {
    const daemon = await DaemonProcess.start({ dataDir, args });
    return { daemon, client: new AdminClient({ url: daemon.admin, token: await daemon.token() }) };
  } catch (error) {
    return endingOf((error as Error).message);
  }
}

/** What the error of `DaemonProcess.start` says of the end. */
function endingOf(message: string): Ending {
  const end = /^the daemon ended \(([^)]*)\)/.exec(message)?.[1];
  if (end === undefined) throw new Error(message);
  const code = /^\d+$/.test(end) ? Number(end) : null;
  return { code, signal: code === null ? end : null, words: message };
}

/** Runs `rangemesh verify` on the directory of a stopped daemon. */
export async function verify(dataDir: string): Promise<Ending> {
  const child = spawn(process.execPath, [LAUNCHER, 'verify', '--data-dir', dataDir], {
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const [[code, signal], out, err] = await Promise.all([
    once(child, 'close'),
    text(child.stdout),
    text(child.stderr),
  ]);
  return { code, signal, words: out + err };
}
