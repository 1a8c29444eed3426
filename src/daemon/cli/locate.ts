import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { adminFile, proofOf, readAdminFile } from '../admin-file.ts';
import { type Config, type LoadedConfig, loadWithOrigins, type Setting } from '../config/index.ts';
import { DaemonError } from '../errors.ts';
import { OwnFiles, placeAt } from '../own-files.ts';
import { type ClientInit, DaemonClient } from './client/index.ts';
import { usage } from './errors.ts';
import type { CliInit } from './init.ts';

/** The options by which every verb finds its daemon. */
export interface TargetOptions {
  url?: string;
  tokenFile?: string;
  config?: string;
  dataDir?: string;
  json?: boolean;
}

/** The file used if the command line names none. */
export const DEFAULT_FILE = 'rangemesh.yaml';

/** A client of the daemon: by URL, or by the address the daemon left in its data directory. */
export async function connect(
  options: TargetOptions,
  init: CliInit,
  maxConnections?: number,
): Promise<DaemonClient> {
  const url = options.url ?? init.env.RANGEMESH_URL;
  const target =
    url === undefined
      ? await byDirectory(options, init)
      : { url, token: await givenToken(options, init) };
  return new DaemonClient({ ...target, maxConnections });
}

/** The configuration for this command line; without `--config` that of ./rangemesh.yaml. */
export async function readConfig(
  file: string | undefined,
  flags: readonly Setting[],
  init: CliInit,
): Promise<Config> {
  return (await readConfiguration(configFile(file, init), flags, init)).config;
}

/** The file that this command line means; undefined: there is none. */
export function configFile(file: string | undefined, init: CliInit): string | undefined {
  const local = resolve(init.cwd, DEFAULT_FILE);
  return file ?? init.env.RANGEMESH_CONFIG ?? (existsSync(local) ? local : undefined);
}

/** The configuration of a file, the environment and flags, with the origin of each value. */
export function readConfiguration(
  file: string | undefined,
  flags: readonly Setting[],
  init: CliInit,
): Promise<LoadedConfig> {
  return loadWithOrigins({
    file,
    env: init.env,
    flags,
    cwd: init.cwd,
    read: (path) => readFile(path, 'utf8'),
  });
}

/** The data directory of the daemon; null if the daemon is given by its URL. */
export async function dataDirOf(options: TargetOptions, init: CliInit): Promise<string | null> {
  if ((options.url ?? init.env.RANGEMESH_URL) !== undefined) return null;
  const { node } = await targetConfig(options, init);
  return node.dataDir;
}

/** The files of the node that never become items, as far as this command line names the node. */
export async function ownFiles(options: TargetOptions, init: CliInit): Promise<OwnFiles> {
  const config = await targetConfig(options, init).catch((error) => {
    if ((options.url ?? init.env.RANGEMESH_URL) !== undefined) return null;
    throw error;
  });
  return OwnFiles.of(config);
}

/** The configuration of the node that the options name. */
export function targetConfig({ config, dataDir }: TargetOptions, init: CliInit): Promise<Config> {
  if (dataDir === undefined) return readConfig(config, [], init);
  const flag = { path: 'node.dataDir', value: dataDir, source: '--data-dir' };
  return readConfig(config, [flag], init);
}

async function byDirectory(options: TargetOptions, init: CliInit): Promise<ClientInit> {
  const { node, admin } = await targetConfig(options, init);
  const file = await readAdminFile(node.dataDir);
  if (file === undefined) {
    throw new DaemonError(
      'ADMIN_UNREACHABLE',
      `no daemon runs on ${node.dataDir} (there is no ${adminFile(node.dataDir)}): start it with ` +
        '"rangemesh start", or say which one is meant with --data-dir, --config or --url',
    );
  }
  // A running daemon knows best: it may have been started with another token file.
  const tokenFile = file.tokenFile ?? admin.tokenFile ?? join(node.dataDir, 'admin.token');
  const given = await givenToken(options, init);
  // Calls that only read need no token on loopback: a user who may not read the file can make them.
  const token = given ?? (await readToken(tokenFile).catch(() => null));
  const place = await placeAt(node.dataDir);
  const { url, key, socket, cert } = file;
  return {
    // On its socket the daemon speaks plain HTTP, and any name will do.
    url: socket === null ? url : 'http://localhost',
    socket,
    certificate: cert === null ? null : await readFile(cert, 'utf8').catch(() => null),
    token,
    identity: {
      directory: node.dataDir,
      challenge: () => Buffer.from(init.random.bytes(32)).toString('hex'),
      answer: (challenge) => (key === null ? null : proofOf(key, place, challenge)),
    },
  };
}

async function givenToken({ tokenFile }: TargetOptions, init: CliInit): Promise<string | null> {
  if (tokenFile === undefined) return init.env.RANGEMESH_TOKEN?.trim() || null;
  const path = resolve(init.cwd, tokenFile);
  return readToken(path).catch((cause: Error) => {
    throw usage(`cannot read the token file ${path}: ${cause.message}`);
  });
}

async function readToken(path: string): Promise<string> {
  return (await readFile(path, 'utf8')).trim();
}
