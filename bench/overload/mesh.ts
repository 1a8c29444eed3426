import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import type { Status } from '../../src/daemon/index.ts';
import { type BenchNode, startNode, stopNode } from '../support/node.ts';
import { until } from '../support/until.ts';

/** Each node dials those so many places on. */
const STEPS = [1, 3, 5];
/** Daemons that start at a time: each is a second of processor time. */
const AT_ONCE = 4;
/** Some heartbeats for gossip to choose its links. */
const LINKS_MS = 3_000;
const SETTINGS = { 'network.discovery': 'false' };

/** Real daemons on this machine, joined like those of `bench -- propagate`. */
export class OverloadMesh {
  readonly nodes: readonly BenchNode[];

  private constructor(nodes: readonly BenchNode[]) {
    this.nodes = nodes;
  }

  static async start(
    folder: string,
    count: number,
    execArgv: readonly string[],
  ): Promise<OverloadMesh> {
    const nodes: BenchNode[] = [];
    const mesh = new OverloadMesh(nodes);
    try {
      for (let begun = 0; begun < count; begun += AT_ONCE) {
        const some = Array.from({ length: Math.min(AT_ONCE, count - begun) }, (_, i) =>
          startNode({ dataDir: join(folder, `node-${begun + i}`), settings: SETTINGS, execArgv }),
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
    await Promise.all(this.nodes.map((node) => stopNode(node, signal)));
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
