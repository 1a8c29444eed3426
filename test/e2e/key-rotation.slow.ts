import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { describe, it } from 'node:test';
import { type LocalDaemon, LocalDaemons, type Settings } from './support/in-process.ts';
import { until } from './support/mesh.ts';

describe('a rotation of the pre-shared key', () => {
  it('goes over three nodes, one at a time, and items reach all of them at each step', async (context) => {
    const daemons = await LocalDaemons.create(context);
    const [before, after] = [daemons.path('before.psk'), daemons.path('after.psk')];
    await writeFile(before, '1'.repeat(64), { mode: 0o600 });
    await writeFile(after, '2'.repeat(64), { mode: 0o600 });
    const keys = (file: string): Settings => ({ 'access.mode': 'psk', 'access.pskFile': file });
    const steps = [{ ...keys(after), 'access.pskFileOld': before }, keys(after)];

    const nodes: LocalDaemon[] = [];
    for (const name of ['a', 'b', 'c']) {
      const peers = nodes.map(({ address }) => address);
      nodes.push(await daemons.start(name, { ...keys(before), 'network.peers': peers }));
    }
    const peers = nodes.map(({ address }) => address);
    let items = 0;
    for (const step of steps) {
      for (const [i, { name, address }] of nodes.entries()) {
        await daemons.stop(nodes[i]!);
        const listen = [address.replace(/\/p2p\/.*$/, '')];
        const own = { 'network.listen': listen, 'network.peers': peers };
        nodes[i] = await daemons.start(name, { ...step, ...own });
        for (const { client } of nodes) {
          await client.put(new TextEncoder().encode(`item ${items++}`));
        }
        await until(
          () => Promise.all(nodes.map(({ client }) => client.status())),
          (statuses) =>
            statuses.every(
              ({ set, peers: others }) =>
                set.items === items && others.filter(({ connected }) => connected).length === 2,
            ),
        );
      }
    }
    assert.equal(items, 18);
  });
});
