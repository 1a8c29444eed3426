import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { removeFolder, temporaryFolder } from '../../scripts/support/folders.ts';
import { ALLOCATOR, V8_FLAGS } from '../../scripts/support/v8-flags.ts';

/** As the daemon runs. */
const EXEC_ARGV = [
  ...V8_FLAGS,
  ...['./as-daemon.ts', './with-parent.ts'].flatMap((name) => [
    '--import',
    new URL(name, import.meta.url).href,
  ]),
];

/** Kept compiled, as `bin/rangemesh.js` has it: what strips types takes 30 MB that no package needs. */
const COMPILED = fileURLToPath(new URL('../../node_modules/.cache/rangemesh', import.meta.url));

/** Runs a script of this room in a process of its own; what it prints, one JSON value, is the result. */
export async function inChild<Result>(script: URL, ...args: string[]): Promise<Result> {
  const child = spawn(process.execPath, [...EXEC_ARGV, script.pathname, ...args], {
    stdio: ['ignore', 'pipe', 'inherit', 'ipc'],
    env: { ...ALLOCATOR, NODE_COMPILE_CACHE: COMPILED, ...process.env },
  });
  let output = '';
  child.stdout!.on('data', (chunk: Buffer) => {
    output += chunk.toString();
  });
  const [code] = (await once(child, 'close')) as [number | null];
  if (code !== 0) throw new Error(`${script.pathname} ended with ${code}: ${output}`);
  return JSON.parse(output) as Result;
}

/** A directory that is gone when this process ends; `BENCH_DIR` says on which disk it lies. */
export function benchFolder(): string {
  return temporaryFolder('rangemesh-bench', process.env.BENCH_DIR);
}

/** A directory that is gone after `use`. */
export async function withDirectory<Result>(
  use: (directory: string) => Promise<Result>,
): Promise<Result> {
  const directory = benchFolder();
  try {
    return await use(directory);
  } finally {
    await removeFolder(directory);
  }
}

export async function directoryBytes(directory: string): Promise<number> {
  const names = await readdir(directory);
  const sizes = await Promise.all(
    names.map(async (name) => (await stat(join(directory, name))).size),
  );
  return sizes.reduce((sum, size) => sum + size, 0);
}

/** The middle of the values. */
export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[sorted.length >> 1]!;
}

export function round(value: number, digits = 1): number {
  return Math.round(value * 10 ** digits) / 10 ** digits;
}
