import { cpSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { arch } from 'node:os';
import { join } from 'node:path';
import { call } from './shell.ts';

/** The npm of the line of Node in the Dockerfile. */
const NPM_VERSION = '11.19.1';
export const DEBIAN = 'bookworm';

/** Makes a clean Debian with Node and npm, in the place of the image `node`. */
export function makeBaseRoot(root: string, work: string, nodeVersion: string): void {
  call('mmdebstrap', '--variant=minbase', '--include=ca-certificates', DEBIAN, root);
  const installed = join(work, 'base');
  mkdirSync(installed);
  writeFileSync(join(installed, 'package.json'), '{"private":true}');
  const node = `node-linux-${arch()}`;
  const packages = [`${node}@${nodeVersion}`, `npm@${NPM_VERSION}`];
  call('npm', 'install', '--prefix', installed, '--no-audit', '--no-fund', ...packages);
  const [from, to] = [join(installed, 'node_modules'), join(root, 'usr/local')];
  cpSync(join(from, node, 'bin/node'), join(to, 'bin/node'));
  cpSync(join(from, 'npm'), join(to, 'lib/node_modules/npm'), { recursive: true });
  symlinkSync('../lib/node_modules/npm/bin/npm-cli.js', join(to, 'bin/npm'));
  // As an engine does for each container.
  for (const file of ['etc/resolv.conf', 'etc/hosts']) {
    cpSync(`/${file}`, join(root, file), { dereference: true });
  }
  call('chroot', root, 'groupadd', '--gid', '1000', 'node');
  call('chroot', root, 'useradd', '--uid', '1000', '--gid', 'node', '--create-home', 'node');
}
