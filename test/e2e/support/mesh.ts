import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import { AdminClient } from '../../../scripts/support/admin-client.ts';
import { DaemonProcess, type SpawnInit } from '../../../scripts/support/daemon-process.ts';
import type { Status } from '../../../src/daemon/index.ts';

/** Quick sessions, so that tests do not wait for the default interval. */
const QUICK = [
  '--listen',
  '/ip4/127.0.0.1/tcp/0',
  '--admin-port',
  '0',
  '--set',
  'sync.intervalMs=2000',
];

export interface Running {
  readonly daemon: DaemonProcess;
  readonly client: AdminClient;
}

/** Daemons of one test: real processes in a temporary folder, both gone when the test ends. */
export class TestMesh {
  readonly #folder: string;
  readonly #running = new Set<Running>();

  private constructor(folder: string) {
    this.#folder = folder;
  }

  static async create(context: TestContext): Promise<TestMesh> {
    const mesh = new TestMesh(await mkdtemp(join(tmpdir(), 'rangemesh-e2e-')));
    context.after(() => mesh.#clean());
    return mesh;
  }

  /** Starts, or starts again, the daemon with the data directory `name`. */
  async start(name: string, init: Omit<SpawnInit, 'dataDir'> = {}): Promise<Running> {
    const args = [...QUICK, ...(init.args ?? [])];
    const daemon = await DaemonProcess.start({ ...init, args, dataDir: this.path(name) });
    const running = {
      daemon,
      client: new AdminClient({ url: daemon.admin, token: await daemon.token() }),
    };
    this.#running.add(running);
    return running;
  }

  path(name: string): string {
    return join(this.#folder, name);
  }

  /** Deletes something of a daemon that does not run. */
  async remove(name: string): Promise<void> {
    await rm(this.path(name), { recursive: true });
  }

  async #clean(): Promise<void> {
    for (const { client, daemon } of this.#running) {
      client.close();
      await daemon.stop('SIGKILL');
    }
    await rm(this.#folder, { recursive: true, force: true });
  }
}

/** Makes `from` dial `to`. */
export async function join2(from: Running, to: Running): Promise<void> {
  const { addresses } = await to.client.status();
  await from.client.addPeer(addresses[0]!);
}

/** Makes `count` calls, 20 of them under way at a time; resolves with all answers, in order. */
export async function each<T>(count: number, call: (i: number) => Promise<T>): Promise<T[]> {
  const answers: T[] = [];
  for (let i = 0; i < count; i += 20) {
    const some = Array.from({ length: Math.min(20, count - i) }, (_, k) => call(i + k));
    answers.push(...(await Promise.all(some)));
  }
  return answers;
}

/** Asks the node for each of the ids, and does without the payloads. */
export async function assertHeld(node: Running, ids: Iterable<string>): Promise<void> {
  const all = [...ids];
  await each(all.length, async (i) => {
    const { status } = await node.client.send('HEAD', `/v1/items/${all[i]}`);
    assert.equal(status, 200, `${all[i]} was acknowledged and is gone`);
  });
}

/** Asks again and again until `accept` says yes; throws with the last answer after `limitMs`. */
export async function until<T>(
  ask: () => Promise<T>,
  accept: (answer: T) => boolean,
  limitMs = 30_000,
): Promise<T> {
  const deadline = performance.now() + limitMs;
  for (;;) {
    const answer = await ask();
    if (accept(answer)) return answer;
    if (performance.now() > deadline) {
      throw new Error(`not within ${limitMs} ms; last seen: ${JSON.stringify(answer)}`);
    }
    await pause(50);
  }
}

/** Waits until all hold the same items and each knows itself in sync with `peers` others. */
export function converged(
  nodes: readonly Pick<Running, 'client'>[],
  peers: number,
): Promise<Status[]> {
  return until(
    () => Promise.all(nodes.map(({ client }) => client.status())),
    (statuses) =>
      statuses.every(
        (status) =>
          status.set.fingerprint !== null &&
          status.set.fingerprint === statuses[0]!.set.fingerprint &&
          status.set.items === statuses[0]!.set.items &&
          status.peers.filter(({ inSync }) => inSync).length >= peers,
      ),
  );
}
