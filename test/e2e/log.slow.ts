import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, constants, openSync, readSync } from 'node:fs';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { describe, it, type TestContext } from 'node:test';
import { fileURLToPath } from 'node:url';
import { multiaddr } from '@multiformats/multiaddr';
import { cleanUp } from '../support/clean-up.ts';
import { loopbackNode } from '../support/libp2p.ts';
import { within } from '../support/within.ts';
import {
  type BareDaemon,
  type BareInit,
  startBare,
  temporaryFolder,
} from './support/bare-daemon.ts';
import { NETWORK_NAME } from './support/impostor.ts';
import { each, until } from './support/mesh.ts';

const CRASH = fileURLToPath(new URL('./support/crash-on-request.ts', import.meta.url));
/** Calls so long that their lines fill a pipe and what waits behind it. */
const CALLS = 600;
const LONG = `/livez?${'x'.repeat(4_000)}`;

function start(context: TestContext, init: BareInit): Promise<BareDaemon> {
  return startBare(context, { ...init, args: ['--log-level', 'debug'] });
}

/** Opened here, handed on, and closed here as soon as the daemon has it. */
function device(context: TestContext, path: string, flags: number = constants.O_WRONLY): number {
  const file = openSync(path, flags);
  cleanUp(context, () => closeSync(file));
  return file;
}

/** A pipe of the kernel whose reader is this process, which reads when it likes. */
async function pipe(context: TestContext) {
  const path = join(await temporaryFolder(context), 'pipe');
  execFileSync('mkfifo', [path]);
  const reader = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
  let open = true;
  const close = () => {
    if (open) closeSync(reader);
    open = false;
  };
  cleanUp(context, close);
  /** All that is in the pipe now. */
  const read = (): string => {
    let all = '';
    const some = Buffer.alloc(65_536);
    try {
      for (let taken = readSync(reader, some); taken > 0; taken = readSync(reader, some)) {
        all += some.toString('latin1', 0, taken);
      }
    } catch (error) {
      assert.equal(Object(error).code, 'EAGAIN');
    }
    return all;
  };
  return { writer: openSync(path, constants.O_WRONLY), read, close };
}

async function callOften({ client }: BareDaemon): Promise<void> {
  const answers = await each(CALLS, () => client.send('GET', LONG));
  assert.ok(answers.every(({ status }) => status === 200));
}

const skip = process.platform !== 'linux';

describe('a log without room', { skip }, () => {
  it('on a full disk: the daemon serves and stops', async (context) => {
    const full = device(context, '/dev/full');
    const daemon = await start(context, { stdout: full, stderr: full });
    await callOften(daemon);
    await daemon.assertStops();
  });

  it('whose reader stands still: the daemon serves and stops', async (context) => {
    const { writer } = await pipe(context);
    const daemon = await start(context, { stdout: writer, stderr: writer });
    closeSync(writer);
    await callOften(daemon);
    await daemon.assertStops();
  });

  it('whose reader reads on: the log tells how many lines were lost', async (context) => {
    const { writer, read } = await pipe(context);
    const daemon = await start(context, { stdout: writer });
    closeSync(writer);
    await callOften(daemon);
    let log = '';
    await until(async () => {
      await daemon.client.send('GET', '/livez');
      log += read();
      return log.includes('"lines-lost"');
    }, Boolean);
    const lines = log
      .split('\n')
      .slice(0, -1)
      .map((line) => JSON.parse(line));
    const written = lines.filter(({ url }) => url === LONG).length;
    const { level, lines: lost } = lines.find(({ event }) => event === 'lines-lost');
    assert.equal(level, 'warn');
    assert.ok(lost > 0 && written + lost >= CALLS, `${written} written, ${lost} lost`);
    await daemon.assertStops();
  });

  it('whose reader has gone: the daemon serves and stops', async (context) => {
    const { writer, close } = await pipe(context);
    const daemon = await start(context, { stdout: writer, stderr: writer });
    closeSync(writer);
    close();
    await callOften(daemon);
    await daemon.assertStops();
  });

  it('still lets a crash say why, on the output that has room', async (context) => {
    const full = device(context, '/dev/full');
    const execArgv = ['--import', CRASH];
    const { writer, read } = await pipe(context);
    const logFull = await start(context, { stdout: full, execArgv });
    const errorsFull = await start(context, { stdout: writer, stderr: full, execArgv });
    closeSync(writer);
    const words = text(logFull.child.stderr!);
    for (const { child } of [logFull, errorsFull]) {
      const exited = once(child, 'exit');
      child.kill('SIGUSR2');
      assert.deepEqual(await within(exited, 'the daemon ends', 10_000), [1, null]);
    }
    assert.match(await words, /^rangemesh: boom \[INTERNAL\]$/m);
    assert.match(read(), /"level":"fatal".*boom.*"event":"uncaughtException"/);
  });
});

describe('a peer that sends bad requests without end', () => {
  it('causes few lines, and a count of the rest', async (context) => {
    const victim = await startBare(context);
    const log = text(victim.child.stdout!);
    const { addresses } = JSON.parse((await victim.client.send('GET', '/v1/status')).text);
    const libp2p = await loopbackNode({});
    cleanUp(context, () => libp2p.stop());
    // A peer that speaks nothing of the network would be closed after some seconds.
    await libp2p.handle(`/rangemesh/${NETWORK_NAME}/fetch/2`, () => {});
    const connection = await libp2p.dial(multiaddr(addresses[0]));
    const begin = performance.now();
    for (let i = 0; i < 300; i++) {
      const stream = await connection.newStream(`/rangemesh/${NETWORK_NAME}/fetch/2`);
      stream.send(new Uint8Array([1]));
      await stream.close().catch(() => undefined);
      if (stream.status === 'closing') {
        await once(stream, 'close', { signal: AbortSignal.timeout(10_000) });
      }
    }
    await victim.assertStops();
    const lines = (await log).split('\n').slice(0, -1);
    const told = lines.map((line) => JSON.parse(line));
    const failed = told.filter(
      ({ peer, level, code }) =>
        peer === `${libp2p.peerId}` && level === 'warn' && code !== 'NO_COMMON_DIALECT',
    );
    const counts = told.filter(({ event }) => event === 'lines-left-out');
    // Ten at once, then six a minute: how long the requests take is the machine's affair.
    const most = 11 + (6 * (performance.now() - begin)) / 60_000;
    assert.ok(failed.length <= most, `${failed.length} lines`);
    const leftOut = counts.reduce((sum, { lines: some }) => sum + some, 0);
    assert.equal(failed.length + leftOut, 300);
  });
});
