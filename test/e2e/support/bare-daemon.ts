import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { AdminClient } from '../../../scripts/support/admin-client.ts';
import { V8_FLAGS } from '../../../scripts/support/v8-flags.ts';
import { cleanUp } from '../../support/clean-up.ts';
import { within } from '../../support/within.ts';
import { LAUNCHER } from './launcher.ts';
import { until } from './mesh.ts';

type Descriptor = number | 'pipe' | 'ignore';

export interface BareInit {
  /** @default 'ignore' */
  readonly stdin?: Descriptor;
  /** @default 'pipe' */
  readonly stdout?: Descriptor;
  /** @default 'pipe' */
  readonly stderr?: Descriptor;
  /** Further arguments of `rangemesh start`. */
  readonly args?: readonly string[];
  /** Arguments of Node itself. */
  readonly execArgv?: readonly string[];
  /** A command that runs the command behind it. */
  readonly wrapper?: readonly string[];
}

/** A real daemon without a channel to this process, whose input and outputs the test chooses. */
export interface BareDaemon {
  readonly child: ChildProcess;
  readonly client: AdminClient;
  /** Sends the signal, and fails unless an orderly stop follows within ten seconds. */
  assertStops(signal?: NodeJS.Signals): Promise<void>;
}

export async function temporaryFolder(context: TestContext): Promise<string> {
  const path = await mkdtemp(join(tmpdir(), 'rangemesh-bare-'));
  cleanUp(context, () => rm(path, { recursive: true, force: true }));
  return path;
}

/** Starts a daemon; resolves once it is up. */
export async function startBare(context: TestContext, init: BareInit = {}): Promise<BareDaemon> {
  const dataDir = await temporaryFolder(context);
  const args = ['start', '--data-dir', dataDir, ...(init.args ?? [])];
  args.push('--admin-port', '0', '--listen', '/ip4/127.0.0.1/tcp/0');
  const node = [process.execPath, ...V8_FLAGS, ...(init.execArgv ?? []), LAUNCHER, ...args];
  const [command, ...rest] = [...(init.wrapper ?? []), ...node];
  const child = spawn(command!, rest, {
    stdio: [init.stdin ?? 'ignore', init.stdout ?? 'pipe', init.stderr ?? 'pipe'],
    // The tests themselves may run under nohup.
    env: { ...process.env, _: command },
  });
  cleanUp(context, async () => {
    if (child.exitCode !== null || child.signalCode !== null) return;
    child.kill('SIGKILL');
    await once(child, 'exit');
  });
  const url = await until(
    () => endpointOf(dataDir),
    (found) => found !== null || child.exitCode !== null,
  );
  assert.ok(url !== null, 'the daemon ended while it started');
  const client = new AdminClient({ url });
  cleanUp(context, () => client.close());
  return {
    child,
    client,
    async assertStops(signal = 'SIGTERM') {
      const exited = once(child, 'exit');
      child.kill(signal);
      assert.deepEqual(await within(exited, 'the daemon stops', 10_000), [0, null]);
      assert.equal(existsSync(join(dataDir, 'admin.json')), false, 'admin.json is left behind');
    },
  };
}

/** Null until the daemon has written all of it. */
async function endpointOf(dataDir: string): Promise<string | null> {
  try {
    return JSON.parse(await readFile(join(dataDir, 'admin.json'), 'utf8')).url;
  } catch {
    return null;
  }
}
