import type { TestContext } from 'node:test';
import type { Status } from '../../../src/daemon/index.ts';
import { join2, type Running, TestMesh, until } from './mesh.ts';

/** Sessions so rare that nothing but push can have brought an item. */
const RARE = [
  ...['--set', 'sync.intervalMs=600000', '--set', 'sync.settleMs=500'],
  ...['--set', 'sync.silenceMs=600000', '--set', 'sync.proveMs=600000'],
  // A busy machine is not to leave push to sessions.
  ...['--set', 'push.overloadMs=60000'],
];

/** What is a line stays one. */
const AS_WIRED = ['--set', 'network.discovery=false'];

/** Daemons in a line, each with a first session behind it, and everybody in each other's gossip. */
export async function line(
  context: TestContext,
  names: string[],
  args: string[],
): Promise<Running[]> {
  const mesh = await TestMesh.create(context);
  const nodes: Running[] = [];
  for (const name of names)
    nodes.push(await mesh.start(name, { args: [...RARE, ...AS_WIRED, ...args] }));
  for (let i = 1; i < nodes.length; i++) await join2(nodes[i - 1]!, nodes[i]!);
  for (const [i, node] of nodes.entries()) {
    const neighbours = Number(i > 0) + Number(i < nodes.length - 1);
    await until(
      () => node.client.status(),
      ({ peers }) => peers.filter(({ lastSession }) => lastSession !== null).length === neighbours,
    );
  }
  return nodes;
}

/** The nodes once each has so many items. */
export function everywhere(nodes: readonly Running[], items: number): Promise<Status[]> {
  return until(
    () => Promise.all(nodes.map(({ client }) => client.status())),
    (statuses) => statuses.every(({ set }) => set.items === items),
  );
}
