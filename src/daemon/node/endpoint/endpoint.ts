import { rm } from 'node:fs/promises';
import { bytesToHex } from '../../../store/index.ts';
import { type Admin, type AdminInit, createAdmin } from '../../admin/index.ts';
import { type AdminFile, adminFile, proofOf } from '../../admin-file.ts';
import { replaceFile } from '../../files/index.ts';
import { TokenFile } from '../../keys/index.ts';
import type { Metrics } from '../../metrics/index.ts';
import { placeAt, type Secrets } from '../../own-files.ts';
import type { DaemonInit } from '../init.ts';
import { readTls } from './tls-files.ts';

/** `replaced` is told of each token that comes later. */
export function openToken(
  { config, system: { random, clock }, logger }: DaemonInit,
  replaced: (content: Uint8Array) => void,
): Promise<TokenFile> {
  return TokenFile.open({
    directory: config.node.dataDir,
    path: config.admin.tokenFile,
    random,
    logger,
    clock,
    replaced: (token) => replaced(new TextEncoder().encode(token)),
  });
}

/** Listens, and leaves the address and the proof of this daemon in its directory; resolves with the URL. */
export async function openAdmin(
  init: DaemonInit,
  parts: Pick<AdminInit, 'node' | 'control' | 'asked'> & {
    readonly metrics: Metrics;
    readonly token: TokenFile;
    readonly secrets: Secrets;
    readonly undo: (() => Promise<unknown>)[];
  },
): Promise<string> {
  const { token, secrets, undo, ...rest } = parts;
  const { node: home, admin: given } = init.config;
  const directory = home.dataDir;
  const key = bytesToHex(init.system.random.bytes(32));
  const place = await placeAt(directory);
  const prove = (challenge: string) => proofOf(key, place, challenge);
  const admin = await createDaemonAdmin(init, { ...rest, token, prove });
  const url = await admin.listen();
  undo.push(() => admin.close());
  const { socket, tls } = given;
  const file = { url, pid: process.pid, key, tokenFile: token.path, socket, cert: tls.cert };
  await announceAdmin(directory, file, secrets);
  undo.push(() => rm(adminFile(directory), { force: true }));
  return url;
}

async function createDaemonAdmin(
  { config, system, logger }: DaemonInit,
  parts: Pick<AdminInit, 'node' | 'control' | 'asked' | 'token' | 'prove'> & {
    readonly metrics: Metrics;
  },
): Promise<Admin> {
  const { tls, tokenFile: _, ...rest } = config.admin;
  return createAdmin({
    ...rest,
    tls: await readTls(tls),
    ...parts,
    observer: parts.metrics.admin,
    limits: config.limits,
    clock: system.clock,
    logger: logger.child({ component: 'admin' }),
  });
}

async function announceAdmin(directory: string, file: AdminFile, secrets: Secrets): Promise<void> {
  const text = new TextEncoder().encode(`${JSON.stringify(file)}\n`);
  secrets.add(text);
  await replaceFile(adminFile(directory), text);
}
