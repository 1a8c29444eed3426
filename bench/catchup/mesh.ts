import { cp } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { AdminClient } from '../../scripts/support/admin-client.ts';
import { DaemonProcess } from '../../scripts/support/daemon-process.ts';
import { inChild } from '../support/child.ts';

const ARGS = ['--listen', '/ip4/127.0.0.1/tcp/0', '--admin-port', '0', '--set', 'log.level=info'];
/** A look costs the node a fingerprint of its whole set: few of them until it is nearly there. */
const LOOK_EVERY_MS = 500;
const LOOK_NEAR_MS = 50;
/** Past it a run has failed. */
const LIMIT_MS = 600_000;

interface Node {
  readonly daemon: DaemonProcess;
  readonly client: AdminClient;
}

/** Daemons over TCP: some that hold everything, and one that comes to it. */
export class BenchMesh {
  readonly #directory: string;
  readonly #items: number;
  #full: Node[] = [];
  #runs = 0;

  constructor(directory: string, items: number) {
    this.#directory = directory;
    this.#items = items;
  }

  async start(peers: number): Promise<void> {
    const filled = join(this.#directory, 'filled');
    const fill = new URL('./fill-main.ts', import.meta.url);
    await inChild(fill, filled, String(this.#items));
    for (let i = 0; i < peers; i++) {
      const copy = join(this.#directory, `full-${i}`);
      await cp(filled, copy, { recursive: true });
      this.#full.push(await startNode(copy));
    }
  }

  async stop(): Promise<void> {
    for (const node of this.#full) await stopNode(node, 'SIGKILL');
    this.#full = [];
  }

  /** Payload bytes that the full peers have sent. */
  async sentBytes(): Promise<number> {
    const statuses = await Promise.all(this.#full.map(({ client }) => client.status()));
    return statuses.reduce((sum, { transfer }) => sum + transfer.sentBytes, 0);
  }

  /** Seconds until an empty node holds everything; `killAt`: kill it at so many items, and start it again. */
  async catchUp(killAt?: number): Promise<number> {
    const directory = join(this.#directory, `empty-${this.#runs++}`);
    const begin = performance.now();
    if (killAt !== undefined) {
      const first = await this.#join(directory);
      try {
        await holding(first, killAt);
      } finally {
        await stopNode(first, 'SIGKILL');
      }
    }
    const node = await this.#join(directory);
    const joined = performance.now();
    try {
      await holding(node, this.#items);
      return (performance.now() - (killAt === undefined ? joined : begin)) / 1_000;
    } finally {
      await stopNode(node, 'SIGTERM');
    }
  }

  /** Starts an empty node and tells it of all the others. */
  async #join(directory: string): Promise<Node> {
    const node = await startNode(directory);
    try {
      for (const { client } of this.#full) {
        const { addresses } = await client.status();
        await node.client.addPeer(addresses[0]!);
      }
      return node;
    } catch (error) {
      await stopNode(node, 'SIGKILL');
      throw error;
    }
  }
}

async function startNode(dataDir: string): Promise<Node> {
  const daemon = await DaemonProcess.start({ dataDir, args: ARGS });
  const client = new AdminClient({ url: daemon.admin, token: await daemon.token() });
  return { daemon, client };
}

async function stopNode({ daemon, client }: Node, signal: NodeJS.Signals): Promise<void> {
  client.close();
  await daemon.stop(signal);
}

async function holding({ client }: Node, items: number): Promise<void> {
  const end = performance.now() + LIMIT_MS;
  for (;;) {
    const { set } = await client.status();
    if (set.items >= items) return;
    if (performance.now() > end) throw new Error(`not within ${LIMIT_MS} ms: ${set.items}`);
    await pause(set.items < 0.85 * items ? LOOK_EVERY_MS : LOOK_NEAR_MS);
  }
}
