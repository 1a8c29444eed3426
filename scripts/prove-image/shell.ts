import { execFileSync, type StdioOptions } from 'node:child_process';

/** Runs a program to its end; its output goes to standard error. */
export function call(program: string, ...argv: readonly string[]): void {
  execFileSync(program, argv, { stdio: ['ignore', 2, 2] as StdioOptions });
}

/** The standard output of a program. */
export function outputOf(program: string, ...argv: readonly string[]): string {
  return execFileSync(program, argv, { encoding: 'utf8', stdio: ['ignore', 'pipe', 2] });
}

/** The settings under which programs of an image run. */
export interface Inside {
  readonly root: string;
  readonly env: Readonly<Record<string, string>>;
  readonly directory: string;
  readonly user: string;
}

/** The words before a program that give it this root, user, directory and environment, and no others. */
export function inside({ root, env, directory, user }: Inside): string[] {
  const variables = Object.entries(env).map(([name, value]) => `${name}=${value}`);
  const own = ['env', '-i', `--chdir=${directory}`, ...variables];
  return ['chroot', `--userspec=${user}`, root, ...own];
}

/** The words after `unshare` that give a program processes of its own, in which it is the first. */
export function isolated(it: Inside): string[] {
  const mounted = ['--mount', `--mount-proc=${it.root}/proc`];
  return ['--pid', '--fork', '--kill-child', ...mounted, ...inside(it)];
}
