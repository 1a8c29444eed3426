import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { type AddressInfo, createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it, type TestContext } from 'node:test';
import { createServer as createTls, getCACertificates, setDefaultCACertificates } from 'node:tls';
import { cleanUp } from '../../support/clean-up.ts';
import { startAdminFor, startAdminOn, TLS, tlsOf } from '../admin/running-admin.ts';
import { run } from './terminal.ts';

/** The machine trusts this certificate alone. */
function trust(context: TestContext, certificate: string): void {
  const usual = getCACertificates('default');
  setDefaultCACertificates([certificate]);
  cleanUp(context, () => setDefaultCACertificates(usual));
}

/** The port of a server, which is closed with its connections when the test ends. */
async function listen(context: TestContext, server: Server): Promise<number> {
  server.on('connection', (socket) => {
    socket.on('error', () => undefined);
    cleanUp(context, () => socket.destroy());
  });
  server.listen(0, '127.0.0.1');
  cleanUp(context, () => server.close());
  await once(server, 'listening');
  return (server.address() as AddressInfo).port;
}

async function fails(args: readonly string[], code: string, advice: RegExp): Promise<void> {
  const { exitCode, stdout, stderr } = await run([...args], { stdin: ['hello'] });
  assert.equal(exitCode, 69, stderr);
  assert.equal(stdout, '');
  assert.match(stderr, advice);
  assert.match(stderr, new RegExp(`^rangemesh: [^\\n]*\\[${code}\\]\\n$`), 'a line');
  assert.doesNotMatch(stderr, /Node\.js|error:|openssl/i, 'words of libraries');
}

const overHttps = async (context: TestContext, tls: typeof TLS): Promise<string> =>
  (await startAdminFor(context, { tls })).url;

describe('a verb that is given a URL of HTTPS', () => {
  it('says how to trust a certificate without a known authority', async (context) => {
    const url = await overHttps(context, TLS);
    await fails(
      ['status', '--url', url],
      'CERTIFICATE_UNTRUSTED',
      /NODE_EXTRA_CA_CERTS.*--data-dir/,
    );
    const issued = await overHttps(context, tlsOf('issued'));
    await fails(['status', '--url', issued], 'CERTIFICATE_UNTRUSTED', /NODE_EXTRA_CA_CERTS/);
  });

  it('says that a certificate has expired, or is not valid yet', async (context) => {
    const expired = await overHttps(context, tlsOf('expired'));
    await fails(['status', '--url', expired], 'CERTIFICATE_EXPIRED', /restart the daemon/);
    const future = await overHttps(context, tlsOf('future'));
    await fails(['status', '--url', future], 'CERTIFICATE_NOT_YET_VALID', /compare the clock/);
  });

  it('names the hosts that a certificate is for', async (context) => {
    const named = tlsOf('named');
    const url = await overHttps(context, named);
    trust(context, named.cert);
    await fails(
      ['status', '--url', url],
      'CERTIFICATE_WRONG_HOST',
      /is for node\.example: give a URL/,
    );
    const nameless = await overHttps(context, TLS);
    trust(context, TLS.cert);
    await fails(['status', '--url', nameless], 'CERTIFICATE_WRONG_HOST', /is for rangemesh test/);
  });

  it('is given that of HTTP where the port speaks that', async (context) => {
    const { url } = await startAdminFor(context);
    const https = url.replace('http:', 'https:');
    const advice = new RegExp(`speaks no HTTPS: set admin.tls .* or give ${url} where`);
    await fails(['status', '--url', https], 'TLS_MISSING', advice);
    await fails(['put', '--url', https], 'TLS_MISSING', advice);
  });

  it('tells a handshake that the port refuses', async (context) => {
    const old = { minVersion: 'TLSv1.1', maxVersion: 'TLSv1.1' } as const;
    const port = await listen(
      context,
      createTls({ ...TLS, ...old, ciphers: 'DEFAULT@SECLEVEL=0' }),
    );
    const advice = /by TLS 1\.2 or later \(protocol version\): check that a daemon/;
    await fails(['status', '--url', `https://127.0.0.1:${port}`], 'TLS_FAILED', advice);
  });
});

describe('a verb that is given a URL of HTTP', () => {
  it('is given that of HTTPS where the port speaks that', async (context) => {
    const url = await overHttps(context, TLS);
    const http = url.replace('https:', 'http:');
    const advice = new RegExp(`speaks HTTPS alone: give ${url}`);
    await fails(['status', '--url', http], 'TLS_NEEDED', advice);
    await fails(['put', '--url', http], 'TLS_NEEDED', advice);
  });

  it('says so where the port speaks neither', async (context) => {
    const silent = await listen(
      context,
      createServer((socket) => socket.once('data', () => socket.destroy())),
    );
    const url = `http://127.0.0.1:${silent}`;
    await fails(['status', '--url', url], 'ADMIN_UNREACHABLE', /is it running\?/);
    const other = await listen(
      context,
      createServer((socket) => socket.end('SSH-2.0-x\r\n')),
    );
    const wrong = `http://127.0.0.1:${other}`;
    await fails(['status', '--url', wrong], 'ADMIN_UNREACHABLE', /its answer is no HTTP/);
  });
});

describe('a verb that finds its daemon by the directory', () => {
  it('says to restart a daemon whose certificate was renewed, and tells of one that expired', async (context) => {
    const directory = await mkdtemp(join(tmpdir(), 'rangemesh-tls-'));
    cleanUp(context, () => rm(directory, { recursive: true, force: true }));
    for (const [name, code, advice] of [
      ['named', 'CERTIFICATE_MISMATCH', /another certificate.*restart the daemon/],
      ['expired', 'CERTIFICATE_EXPIRED', /restart the daemon/],
    ] as const) {
      const { admin } = await startAdminOn(directory, { tls: tlsOf(name) });
      context.after(() => admin.close());
      await fails(['status', '--data-dir', directory], code, advice);
    }
  });
});
