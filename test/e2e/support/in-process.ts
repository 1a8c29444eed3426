import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { AdminClient } from '../../../scripts/support/admin-client.ts';
import { loadConfig } from '../../../src/daemon/config/index.ts';
import { createLogger } from '../../../src/daemon/index.ts';
import { type Daemon, startDaemon } from '../../../src/daemon/node/index.ts';
import {
  systemClock,
  systemDisk,
  systemNetwork,
  systemPrograms,
  systemRandom,
  systemWitness,
} from '../../../src/daemon/system/index.ts';
import type { Clock } from '../../../src/store/index.ts';

export interface LocalDaemon {
  readonly name: string;
  readonly client: AdminClient;
  readonly address: string;
  readonly daemon: Daemon;
}

/** Keys of the configuration, `section.key`. */
export type Settings = Readonly<Record<string, string | readonly string[]>>;

const QUICK: Settings = {
  'network.listen': ['/ip4/127.0.0.1/tcp/0'],
  'admin.port': '0',
  'sync.intervalMs': '2000',
};

/**
 * Whole daemons in this process: LevelDB, libp2p over TCP and the admin endpoint as always, without
 * the second that a process takes to start. All are gone when the test ends.
 */
export class LocalDaemons {
  readonly #folder: string;
  readonly #running = new Map<string, LocalDaemon>();

  private constructor(folder: string) {
    this.#folder = folder;
  }

  static async create(context: TestContext): Promise<LocalDaemons> {
    const daemons = new LocalDaemons(await mkdtemp(join(tmpdir(), 'rangemesh-local-')));
    context.after(() => daemons.#clean());
    return daemons;
  }

  /** Starts, or starts again, the daemon with the data directory `name`. */
  async start(
    name: string,
    settings: Settings = {},
    clock: Clock = systemClock,
  ): Promise<LocalDaemon> {
    const dataDir = this.path(name);
    const all = { ...QUICK, 'node.dataDir': dataDir, ...settings };
    const config = await loadConfig({
      flags: Object.entries(all).map(([path, value]) => ({ path, value, source: '--set' })),
      cwd: this.#folder,
      read: (path) => readFile(path, 'utf8'),
    });
    const daemon = await startDaemon({
      config,
      system: {
        clock,
        random: systemRandom,
        network: systemNetwork,
        disk: systemDisk,
        witness: systemWitness,
        programs: systemPrograms,
      },
      logger: createLogger({ clock: systemClock, level: 'silent' }),
    });
    const token = (await readFile(join(dataDir, 'admin.token'), 'utf8')).trim();
    const client = new AdminClient({ url: daemon.admin, token });
    const [address] = (await client.status()).addresses;
    const local = { name, client, address: address!, daemon };
    this.#running.set(name, local);
    return local;
  }

  /** The data directory `name`. */
  path(name: string): string {
    return join(this.#folder, name);
  }

  async stop({ name, client, daemon }: LocalDaemon): Promise<void> {
    this.#running.delete(name);
    client.close();
    await daemon.stop();
  }

  async #clean(): Promise<void> {
    await Promise.all([...this.#running.values()].map((local) => this.stop(local)));
    await rm(this.#folder, { recursive: true, force: true });
  }
}
