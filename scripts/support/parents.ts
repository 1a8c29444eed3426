import { readFileSync } from 'node:fs';

/**
 * Calls back once the parent of this process has ended, or npm behind it: npm runs a script in a
 * shell, which lives on when npm is killed, so there the shell's own parent is watched too. That can
 * be looked up on Linux only; elsewhere the parent alone counts.
 */
export function whenOrphaned(callback: () => void): void {
  const parent = process.ppid;
  const npm = inShellOfNpm(parent) ? parentOf(parent) : null;
  const timer = setInterval(() => {
    if (process.ppid === parent && (npm === null || parentOf(parent) === npm)) return;
    clearInterval(timer);
    callback();
  }, 500).unref();
}

function inShellOfNpm(pid: number): boolean {
  if (process.env.npm_lifecycle_event === undefined) return false;
  return read(`/proc/${pid}/cmdline`)?.split('\0').includes('-c') ?? false;
}

/** The second field behind the name, which may hold anything and ends with the last bracket. */
function parentOf(pid: number): number | null {
  const stat = read(`/proc/${pid}/stat`);
  return stat === null ? null : Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1]);
}

function read(path: string): string | null {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return null;
  }
}
