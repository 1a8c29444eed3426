import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { request } from 'node:http';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import { describe, it, type TestContext } from 'node:test';
import { within } from '../support/within.ts';
import { LAUNCHER } from './support/launcher.ts';
import { assertHeld, TestMesh, until } from './support/mesh.ts';

const encoder = new TextEncoder();

/** Starts the daemon in `DIR` with an IPC channel and tells its process id. */
const PARENT = `
  const { spawn } = require('node:child_process');
  const stdio = ['ignore', 'inherit', 'inherit', 'ipc'];
  const args = [${JSON.stringify(LAUNCHER)}, 'start', '--data-dir', process.env.DIR];
  args.push('--admin-port', '0', '--listen', '/ip4/127.0.0.1/tcp/0');
  spawn(process.execPath, args, { stdio }).on('spawn', () => console.log('spawned'));
`;

/** A listener that takes connections and says nothing on them. */
async function silentListener(context: TestContext) {
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket.on('error', () => undefined));
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const hangUp = () => {
    server.close();
    for (const socket of sockets) socket.destroy();
  };
  context.after(hangUp);
  return { address: `/ip4/127.0.0.1/tcp/${(server.address() as AddressInfo).port}`, hangUp };
}

describe('a daemon', () => {
  it('stops within ten seconds during an import, and has what it acknowledged', async (context) => {
    const mesh = await TestMesh.create(context);
    const { client, daemon } = await mesh.start('a');
    const acknowledged = new Set<string>();
    const importing = Promise.allSettled(
      Array.from({ length: 32 }, async (_, writer) => {
        for (let i = 0; ; i++) {
          acknowledged.add((await client.put(encoder.encode(`${writer}/${i}`))).id);
        }
      }),
    );
    await until(
      async () => acknowledged.size,
      (size) => size > 500,
    );
    // A daemon that takes longer than ten seconds gives up and does not end with 0.
    assert.equal(await daemon.stop('SIGTERM'), 0);
    await importing;
    const again = await mesh.start('a');
    await assertHeld(again, acknowledged);
  });

  it('ends at once at the second signal', async (context) => {
    const mesh = await TestMesh.create(context);
    const { daemon } = await mesh.start('a');
    const headers = {
      'content-length': 1_000,
      authorization: `Bearer ${await daemon.token()}`,
      expect: '100-continue',
    };
    const upload = request(`${daemon.admin}/v1/items`, { method: 'POST', headers });
    upload.on('error', () => undefined).flushHeaders();
    // A call that never ends keeps the daemon from stopping for some seconds.
    await within(once(upload, 'continue'), 'the daemon asks for the body');
    upload.write('the rest never comes');
    const ended = daemon.stop('SIGTERM');
    await daemon.logged(({ event }) => event === 'stopping');
    process.kill(daemon.pid, 'SIGTERM');
    assert.equal(await ended, 1);
    assert.ok(daemon.log.some(({ event }) => event === 'forced'));
  });

  it('is ready once its first round has ended, whatever came of it', async (context) => {
    const mesh = await TestMesh.create(context);
    const silent = await silentListener(context);
    const { client } = await mesh.start('a', { args: ['--peer', silent.address] });
    const ready = () => client.send('GET', '/readyz');
    const { status, text } = await ready();
    assert.equal(status, 503, text);
    assert.equal(JSON.parse(text).code, 'NOT_READY');
    assert.equal((await client.send('GET', '/livez')).status, 200);
    silent.hangUp();
    await until(ready, (answer) => answer.status === 200);
  });

  it('does not outlive a parent that is killed while it loads', async (context) => {
    const mesh = await TestMesh.create(context);
    const delays = [0, 150, 600];
    await Promise.all(
      delays.map(async (delay) => {
        const env = { ...process.env, DIR: mesh.path(`${delay}`) };
        const parent = spawn(process.execPath, ['-e', PARENT], {
          env,
          stdio: ['ignore', 'pipe', 'ignore'],
        });
        await once(parent.stdout, 'data');
        parent.stdout.resume();
        // The daemon holds the parent's output open, so `close` comes when both have ended.
        setTimeout(() => parent.kill('SIGKILL'), delay);
        await once(parent, 'close', { signal: AbortSignal.timeout(60_000) });
      }),
    );
  });
});
