import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;
/** Tries again for a while: a daemon that was killed may still be at its last write. */
const PATIENTLY = { recursive: true, force: true, maxRetries: 5 } as const;

/** Folders to remove when this process ends. */
const kept = new Set<string>();
let watched = false;

/**
 * Makes a folder `PREFIX-PID-…`, so that a later process knows whose it is. Folders of processes that
 * were killed before they could remove them are removed first; what cannot be removed stays.
 * @param base default: the folder for temporary files
 */
export function makeFolder(prefix: string, base: string = tmpdir()): string {
  removeAbandoned(prefix, base);
  return mkdtempSync(join(base, `${prefix}-${process.pid}-`));
}

/** Like `makeFolder`; the folder is removed when this process ends, by a signal too. */
export function temporaryFolder(prefix: string, base?: string): string {
  watchTheEnd();
  const folder = makeFolder(prefix, base);
  kept.add(folder);
  return folder;
}

/** A folder that stays when this process ends; no later process removes it. */
export function lastingFolder(prefix: string, base: string = tmpdir()): string {
  return mkdtempSync(join(base, `${prefix}-kept-`));
}

export async function removeFolder(folder: string): Promise<void> {
  await rm(folder, PATIENTLY);
  kept.delete(folder);
}

function watchTheEnd(): void {
  if (watched) return;
  watched = true;
  process.once('exit', removeAll);
  for (const signal of SIGNALS) process.once(signal, endBySignal);
}

function endBySignal(signal: NodeJS.Signals): void {
  removeAll();
  for (const one of SIGNALS) process.off(one, endBySignal);
  process.kill(process.pid, signal);
}

function removeAll(): void {
  for (const folder of kept) removeNow(folder);
  kept.clear();
}

function removeAbandoned(prefix: string, base: string): void {
  for (const name of readdirSync(base)) {
    if (!name.startsWith(`${prefix}-`)) continue;
    const [, pid] = /^(\d+)-/.exec(name.slice(prefix.length + 1)) ?? [];
    if (pid !== undefined && !isAlive(Number(pid))) removeNow(join(base, name));
  }
}

function removeNow(folder: string): void {
  try {
    rmSync(folder, PATIENTLY);
  } catch {
    // The next process tries again.
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code !== 'ESRCH';
  }
}
