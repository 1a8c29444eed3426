import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { bytesToHex, itemId } from '../../src/store/index.ts';
import { run } from '../daemon/cli/terminal.ts';
import { corruptPayload, dropNode, seed, seededItem } from '../support/damage.ts';
import { converged, join2, type Running, TestMesh, until } from './support/mesh.ts';

const SCRUB = ['--set', 'scrub.itemsPerSecond=10000'];
const NO_SCRUB = ['--set', 'scrub.itemsPerSecond=0'];

function idOf(number: number): string {
  const { hint, payload } = seededItem(number);
  return bytesToHex(itemId(hint, payload));
}

async function incidents({ client }: Running): Promise<string[]> {
  return (await client.status()).incidents.map(({ code }) => code);
}

async function assertClean(mesh: TestMesh, name: string): Promise<void> {
  const { exitCode, stdout, stderr } = await run(['verify', '--data-dir', mesh.path(name)]);
  assert.equal(exitCode, 0, stdout + stderr);
}

describe('a daemon with damage on its disk', () => {
  it('finds a damaged item by scrubbing, quarantines it and fetches it from a peer', async (context) => {
    const mesh = await TestMesh.create(context);
    await Promise.all(['a', 'b'].map((name) => seed(mesh.path(name), 300)));
    await corruptPayload(mesh.path('a'));
    const a = await mesh.start('a', { args: SCRUB });
    const alone = await until(
      () => a.client.status(),
      ({ quarantined }) => quarantined === 1,
    );
    assert.equal(alone.set.items, 299);
    assert.deepEqual(await incidents(a), ['ITEM_DAMAGED']);
    const b = await mesh.start('b', { args: NO_SCRUB });
    await join2(a, b);
    const [status] = await converged([a, b], 1);
    assert.deepEqual([status!.set.items, status!.quarantined], [300, 0]);
    assert.ok(status!.scrub.running);
    assert.equal((await a.client.send('GET', `/v1/items/${idOf(0)}`)).text, 'item 0');
    await assertClean(mesh, 'a');
    await a.daemon.stop();
    await assertClean(mesh, 'a');
  });

  it('builds a broken index again, and becomes equal to its peer', async (context) => {
    const mesh = await TestMesh.create(context);
    await seed(mesh.path('a'), 2_000);
    await seed(mesh.path('b'), 1_000);
    await dropNode(mesh.path('a'));
    const a = await mesh.start('a', { args: NO_SCRUB });
    const b = await mesh.start('b', { args: NO_SCRUB });
    assert.equal((await a.client.send('GET', `/v1/items/${idOf(7)}`)).text, 'item 7');
    await join2(a, b);
    const [status] = await converged([a, b], 1);
    assert.equal(status!.set.items, 2_000);
    const codes = await incidents(a);
    assert.ok(codes.includes('INDEX_DAMAGED') && codes.includes('INDEX_REBUILT'), codes.join());
    await until(
      () => a.client.status(),
      ({ needsRefill, rebuilding }) => !needsRefill && rebuilding === null,
    );
    await assertClean(mesh, 'a');
  });

  it('reports commits that are gone with the database, and gets them back', async (context) => {
    const mesh = await TestMesh.create(context);
    const [a, b] = await Promise.all([mesh.start('a'), mesh.start('b')]);
    await join2(a, b);
    for (let i = 0; i < 20; i++) await a.client.put(seededItem(i).payload, BigInt(i));
    await converged([a, b], 1);
    await a.daemon.stop();
    await mesh.remove('a/db');
    const again = await mesh.start('a');
    assert.deepEqual(await incidents(again), ['COMMITS_LOST']);
    await join2(again, b);
    const [status] = await converged([again, b], 1);
    assert.equal(status!.set.items, 20);
    await until(
      () => again.client.status(),
      ({ needsRefill }) => !needsRefill,
    );
  });
});
