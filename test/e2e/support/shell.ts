import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmod, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { type AddressInfo, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import type { TestContext } from 'node:test';
import { cleanUp } from '../../support/clean-up.ts';
import { within } from '../../support/within.ts';
import { LAUNCHER } from './launcher.ts';

/** A folder in which `rangemesh` is the command of this clone. `before` is shell that may change its arguments. */
export async function workplace(context: TestContext, before = ''): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'rangemesh-docs-'));
  cleanUp(context, () => rm(folder, { recursive: true, force: true, maxRetries: 5 }));
  await mkdir(join(folder, 'bin'));
  const command = join(folder, 'bin', 'rangemesh');
  await writeFile(
    command,
    `#!/bin/bash\n${before}\nexec '${process.execPath}' '${LAUNCHER}' "$@"\n`,
  );
  await chmod(command, 0o755);
  return folder;
}

/** Ports that were free a moment ago: docs have fixed ones, which may be taken here. */
export async function freePorts(count: number): Promise<number[]> {
  const servers = Array.from({ length: count }, () => createServer().listen(0, '127.0.0.1'));
  await Promise.all(servers.map((server) => once(server, 'listening')));
  const ports = servers.map((server) => (server.address() as AddressInfo).port);
  await Promise.all(servers.map((server) => once(server.close(), 'close')));
  return ports;
}

/** Runs a script with bash as a person types it; returns its output. Ends all that it has started. */
export async function shell(
  context: TestContext,
  folder: string,
  script: string,
  env: NodeJS.ProcessEnv = {},
): Promise<string> {
  const shell = spawn('bash', ['-euo', 'pipefail', '-c', script], {
    cwd: folder,
    detached: true,
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, PATH: `${join(folder, 'bin')}:${process.env.PATH}`, ...env },
  });
  const end = () => {
    try {
      process.kill(-shell.pid!, 'SIGKILL');
    } catch {
      // All have ended.
    }
  };
  cleanUp(context, end);
  const output = Promise.all([text(shell.stdout), text(shell.stderr)]);
  const [code] = await within(once(shell, 'exit'), 'the commands end', 600_000);
  // Daemons that go on hold the output open.
  end();
  const [out, err] = await output;
  assert.equal(code, 0, `${out}\n${err}`);
  return out;
}
