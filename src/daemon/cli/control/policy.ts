import { constants } from 'node:fs';
import { access, stat } from 'node:fs/promises';
import { delimiter, resolve } from 'node:path';
import type { Config } from '../../config/index.ts';
import { DaemonError, reasonOf } from '../../errors.ts';
import { loadPolicyFunction } from '../../guard/index.ts';
import type { CliInit } from '../init.ts';

type PolicyConfiguration = Pick<Config, 'policy' | 'node'>;

/**
 * Looks for the write policy of a configuration as a daemon would: the program or the module, null without one. A
 * module is loaded, so its code runs. Rejects with `CONFIG_INVALID`.
 */
export async function findPolicy(
  { policy: { command, module }, node: { dataDir } }: PolicyConfiguration,
  { env, loadModule }: Pick<CliInit, 'env' | 'loadModule'>,
): Promise<string | null> {
  const [program] = command;
  if (program !== undefined) return findProgram(program, dataDir, env.PATH ?? '');
  if (module !== null) await loadPolicyFunction(module, loadModule);
  return module;
}

/** A name with a slash is a path from `dataDir` on, where the program runs; another is looked for on the path. */
async function findProgram(program: string, dataDir: string, path: string): Promise<string> {
  const isPath = program.includes('/');
  const places = isPath
    ? [resolve(dataDir, program)]
    : path.split(delimiter).map((directory) => resolve(dataDir, directory, program));
  const reasons: string[] = [];
  for (const place of places) {
    const reason = await whyNotRunnable(place);
    if (reason === null) return place;
    reasons.push(`${place} ${reason}`);
  }
  const why = isPath ? reasons[0]! : `no executable file ${program} is in a folder of PATH`;
  const message = `configuration: policy.command: ${why}; give the absolute path of a program that this user may run`;
  throw new DaemonError('CONFIG_INVALID', message);
}

async function whyNotRunnable(place: string): Promise<string | null> {
  try {
    if (!(await stat(place)).isFile()) return 'is no file';
    await access(place, constants.X_OK);
    return null;
  } catch (error) {
    const { code } = Object(error);
    if (code === 'ENOENT' || code === 'ENOTDIR') return 'does not exist';
    return code === 'EACCES'
      ? 'is not executable (chmod +x)'
      : `cannot be used: ${reasonOf(error)}`;
  }
}
