import { execFile } from 'node:child_process';
import { cp, mkdir, readdir, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

export const ROOT: string = fileURLToPath(new URL('../../../', import.meta.url));

/** Packs a clone in which a node was run, as npm does; returns the archive in the folder. */
export async function pack(folder: string): Promise<string> {
  const args = ['pack', '--json', '--pack-destination', folder];
  const { stdout } = await promisify(execFile)('npm', args, { cwd: await usedClone(folder) });
  const [{ filename }] = JSON.parse(stdout.slice(stdout.indexOf('[')));
  return join(folder, filename);
}

/** A clone in which a node was run on the configuration that lies there. */
async function usedClone(folder: string): Promise<string> {
  const clone = join(folder, 'clone');
  const skipped = new Set(['.git', 'node_modules', 'dist']);
  await mkdir(clone);
  for (const name of await readdir(ROOT)) {
    if (!skipped.has(name)) await cp(join(ROOT, name), join(clone, name), { recursive: true });
  }
  await symlink(join(ROOT, 'node_modules'), join(clone, 'node_modules'));
  await mkdir(join(clone, 'config', 'data', 'db'), { recursive: true });
  await mkdir(join(clone, 'docs', 'data'));
  const keys = ['data/identity.key', 'data/admin.token', 'data/db/000005.ldb'];
  for (const file of [...keys, 'mesh.psk', 'mine.yaml']) {
    await writeFile(join(clone, 'config', file), 'secret');
  }
  await writeFile(join(clone, 'docs', 'data', 'identity.key'), 'secret');
  return clone;
}
