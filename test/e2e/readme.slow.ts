import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmod, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { type AddressInfo, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { describe, it, type TestContext } from 'node:test';
import { fileURLToPath } from 'node:url';
import { cleanUp } from '../support/clean-up.ts';
import { within } from '../support/within.ts';
import { LAUNCHER } from './support/launcher.ts';

const README = fileURLToPath(new URL('../../README.md', import.meta.url));

/** The blocks of commands below a heading of the README, word for word. */
async function commandsOf(heading: string): Promise<string[]> {
  const [, section = ''] = (await readFile(README, 'utf8')).split(`\n### ${heading}\n`);
  const [own = ''] = section.split('\n### ');
  return [...own.matchAll(/^```sh\n(.*?)^```$/gms)].map(([, commands]) => commands!);
}

/** A folder in which `rangemesh` is the command of this clone. */
async function workplace(context: TestContext): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'rangemesh-readme-'));
  cleanUp(context, () => rm(folder, { recursive: true, force: true, maxRetries: 5 }));
  await mkdir(join(folder, 'bin'));
  const command = join(folder, 'bin', 'rangemesh');
  await writeFile(command, `#!/bin/sh\nexec '${process.execPath}' '${LAUNCHER}' "$@"\n`);
  await chmod(command, 0o755);
  return folder;
}

/** Ports that were free a moment ago: the README has fixed ones, which may be taken here. */
async function freePorts(count: number): Promise<number[]> {
  const servers = Array.from({ length: count }, () => createServer().listen(0, '127.0.0.1'));
  await Promise.all(servers.map((server) => once(server, 'listening')));
  const ports = servers.map((server) => (server.address() as AddressInfo).port);
  await Promise.all(servers.map((server) => once(server.close(), 'close')));
  return ports;
}

/** Runs a script with bash as a person types it; returns its output. Ends all that it has started. */
async function shell(context: TestContext, folder: string, script: string): Promise<string> {
  const shell = spawn('bash', ['-euo', 'pipefail', '-c', script], {
    cwd: folder,
    detached: true,
    stdio: ['ignore', 'pipe', 'pipe'],
    env: {
      ...process.env,
      PATH: `${join(folder, 'bin')}:${process.env.PATH}`,
      RANGEMESH_ADMIN_PORT: '0',
    },
  });
  cleanUp(context, () => {
    try {
      process.kill(-shell.pid!, 'SIGKILL');
    } catch {
      // All have ended.
    }
  });
  const ended = Promise.all([text(shell.stdout), text(shell.stderr), once(shell, 'close')]);
  const [out, err, [code]] = await within(ended, 'the commands end', 600_000);
  assert.equal(code, 0, `${out}\n${err}`);
  return out;
}

/** As a person waits who reads the logs. */
const UNTIL_UP = `
for log in a.log b.log; do until grep -q 'rangemesh is up' $log; do sleep 0.1; done; done
`;

describe('the README', () => {
  it('makes two nodes on one machine equal, with an allow list', async (context) => {
    const [make, use] = await commandsOf('Two nodes on one machine');
    const folder = await workplace(context);
    const fixed = ['9463', '9464', '9473', '9474'];
    const ports = await freePorts(fixed.length);
    const script = `${make}${UNTIL_UP}${use}wait\n`.replace(/\b94[67][34]\b/g, (port) =>
      String(ports[fixed.indexOf(port)]),
    );
    const out = await shell(context, folder, script);
    const [id] = /^[0-9a-f]{64}$/m.exec(out) ?? [];
    assert.match(out, /^12D3KooW\w+ {2}equal$/m);
    assert.match(out, new RegExp(`^\\d+ ${id} \\d+$`, 'm'));
  });

  it('connects two machines by a pre-shared key', async (context) => {
    const [first, second] = await commandsOf('Two machines');
    const folder = await workplace(context);
    const [port] = await freePorts(1);
    const here = (commands: string, listen: number) =>
      commands
        .replace(/^(rangemesh start .*)$/m, '$1 > $LOG &')
        .replace('/ip4/0.0.0.0/tcp/9463', `/ip4/127.0.0.1/tcp/${listen}`)
        .replace('/dns4/a.example.org/tcp/9463', `/dns4/localhost/tcp/${port}`);
    const script = [
      `mkdir a b; LOG=../a.log; cd a\n${here(first!, port!)}cp mesh.psk ../b`,
      `LOG=../b.log; cd ../b\n${here(second!, 0)}cd ..`,
      UNTIL_UP,
      'echo something | rangemesh put --config a/mesh/rangemesh.yaml',
      'until rangemesh ls --config b/mesh/rangemesh.yaml | grep .; do sleep 0.1; done',
      'kill %1 %2; wait',
    ];
    const out = await shell(context, folder, script.join('\n'));
    const [id] = /^[0-9a-f]{64}$/m.exec(out) ?? [];
    assert.match(out, new RegExp(`^\\d+ ${id} 10$`, 'm'));
  });
});
