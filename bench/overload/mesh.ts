import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { AdminClient } from '../../scripts/support/admin-client.ts';
import { DaemonProcess } from '../../scripts/support/daemon-process.ts';
import type { Status } from '../../src/daemon/index.ts';
import { until } from '../support/until.ts';

/** Each node dials those so many places on. */
const STEPS = [1, 3, 5];
/** Daemons that start at a time: each is a second of processor time. */
const AT_ONCE = 4;
/** Some heartbeats for gossip to choose its links. */
const LINKS_MS = 3_000;
const SETTINGS = { 'log.level': 'info', 'network.discovery': 'false' };
const ARGS = [
  ...['--listen', '/ip4/127.0.0.1/tcp/0', '--admin-port', '0'],
  ...Object.entries(SETTINGS).flatMap(([path, value]) => ['--set', `${path}=${value}`]),
];

/** A daemon in a process of its own. */
export interface OverloadNode {
  readonly daemon: DaemonProcess;
  readonly client: AdminClient;
}

/** Real daemons on this machine, joined like those of `bench -- propagate`. */
export class OverloadMesh {
  readonly nodes: readonly OverloadNode[];

  private constructor(nodes: readonly OverloadNode[]) {
    this.nodes = nodes;
  }

  static async start(
    folder: string,
    count: number,
    execArgv: readonly string[],
  ): Promise<OverloadMesh> {
    const nodes: OverloadNode[] = [];
    const mesh = new OverloadMesh(nodes);
    try {
      for (let begun = 0; begun < count; begun += AT_ONCE) {
        const some = Array.from({ length: Math.min(AT_ONCE, count - begun) }, (_, i) =>
          startNode(join(folder, `node-${begun + i}`), execArgv),
        );
        nodes.push(...(await Promise.all(some)));
      }
      await mesh.#join();
      return mesh;
    } catch (error) {
      await mesh.stop();
      throw error;
    }
  }

  statuses(): Promise<Status[]> {
    return Promise.all(this.nodes.map(({ client }) => client.status()));
  }

  async stop(signal: NodeJS.Signals = 'SIGKILL'): Promise<void> {
    for (const { client } of this.nodes) client.close();
    await Promise.all(this.nodes.map(({ daemon }) => daemon.stop(signal)));
  }

  async #join(): Promise<void> {
    const { nodes } = this;
    const addresses = (await this.statuses()).map((status) => status.addresses[0]!);
    for (const [i, { client }] of nodes.entries()) {
      const others = new Set(STEPS.map((step) => (i + step) % nodes.length));
      for (const other of others) if (other !== i) await client.addPeer(addresses[other]!);
    }
    await until('every node has its peers', async () => {
      const statuses = await this.statuses();
      const alone = statuses.filter(({ peers }) => peers.filter(isReady).length < STEPS.length);
      return alone.length === 0 ? null : `${alone.length} of ${nodes.length} nodes lack peers`;
    });
    await pause(LINKS_MS);
  }
}

function isReady({ connected, inSync }: Status['peers'][number]): boolean {
  return connected && inSync;
}

async function startNode(dataDir: string, execArgv: readonly string[]): Promise<OverloadNode> {
  const daemon = await DaemonProcess.start({ dataDir, args: ARGS, execArgv });
  return { daemon, client: new AdminClient({ url: daemon.admin, token: await daemon.token() }) };
}
