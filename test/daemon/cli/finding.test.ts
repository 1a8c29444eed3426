import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, it, type TestContext } from 'node:test';
import type { AdminInit } from '../../../src/daemon/admin/index.ts';
import { startAdminOn, TLS, tlsOf } from '../admin/running-admin.ts';
import { run } from './terminal.ts';

describe('a verb finds a daemon by its directory', () => {
  let directory: string;
  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), 'rangemesh-finding-'));
  });
  afterEach(() => rm(directory, { recursive: true, force: true }));

  const put = () => run(['put', '--hint', '7', '--data-dir', directory], { stdin: ['hello'] });
  async function start(context: TestContext, init: Partial<AdminInit>): Promise<void> {
    const { admin } = await startAdminOn(directory, init);
    context.after(() => admin.close());
  }
  /** Changes what the daemon left for the command line. */
  async function change(fields: object): Promise<void> {
    const path = join(directory, 'admin.json');
    const file = JSON.parse(await readFile(path, 'utf8'));
    await writeFile(path, JSON.stringify({ ...file, ...fields }));
  }

  it('over its socket, without a token', async (context) => {
    await start(context, { socket: join(directory, 'admin.sock'), tls: TLS });
    await rm(join(directory, 'admin.token'));
    const { exitCode, stderr } = await put();
    assert.equal(exitCode, 0, stderr);
    await change({ key: 'another' });
    assert.match((await put()).stderr, /NOT_THIS_DAEMON/, 'which proves itself all the same');
    await change({ socket: join(directory, 'none.sock') });
    assert.match((await put()).stderr, /none\.sock.*ADMIN_UNREACHABLE/s);
  });

  it('over HTTPS, by the certificate of that daemon', async (context) => {
    await start(context, { tls: TLS });
    const { exitCode, stderr } = await put();
    assert.equal(exitCode, 0, stderr);
  });

  it('over HTTPS, and not by a certificate that its own has issued', async (context) => {
    await start(context, { tls: tlsOf('issued') });
    const other = await put();
    assert.equal(other.exitCode, 69);
    assert.match(
      other.stderr,
      /restart the daemon if that file was renewed.*\[CERTIFICATE_MISMATCH\]/s,
    );
  });
});
