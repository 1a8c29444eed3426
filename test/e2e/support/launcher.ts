import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';

export const LAUNCHER: string = fileURLToPath(
  new URL('../../../bin/rangemesh.js', import.meta.url),
);

export interface Ended {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs the launcher to its end. */
export async function launch(
  args: readonly string[],
  init: { execArgv?: readonly string[]; env?: Record<string, string> } = {},
): Promise<Ended> {
  const child = spawn(process.execPath, [...(init.execArgv ?? []), LAUNCHER, ...args], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, ...init.env },
  });
  const [[code], stdout, stderr] = await Promise.all([
    once(child, 'close'),
    text(child.stdout),
    text(child.stderr),
  ]);
  return { code, stdout, stderr };
}
