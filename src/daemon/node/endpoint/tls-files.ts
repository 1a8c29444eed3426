import { readFile } from 'node:fs/promises';
import type { AdminInit } from '../../admin/index.ts';
import type { Config } from '../../config/index.ts';
import { DaemonError, reasonOf } from '../../errors.ts';

/** Certificate and key of the admin endpoint; null without them. Rejects with `TLS_UNREADABLE`. */
export async function readTls({
  cert,
  key,
}: Config['admin']['tls']): Promise<NonNullable<AdminInit['tls']> | null> {
  if (cert === null || key === null) return null;
  return { cert: await read('cert', cert), key: await read('key', key) };
}

async function read(name: 'cert' | 'key', path: string): Promise<string> {
  return readFile(path, 'utf8').catch((cause) => {
    const message = `cannot read ${path}, which admin.tls.${name} names: ${reasonOf(cause)}`;
    throw new DaemonError('TLS_UNREADABLE', message, { cause });
  });
}
