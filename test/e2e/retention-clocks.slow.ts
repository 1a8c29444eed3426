import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { each, join2, type Running, TestMesh, until } from './support/mesh.ts';

const SECOND = 1_000;
const YEAR = 365 * 86_400 * SECOND;
/** Time of the daemons passes so many times as fast: a minute of grace takes five seconds. */
const PACE = 12;
/** How far each wall clock is ahead, in seconds. */
const AHEAD = [-290, -150, 0, 150, 290];
/** Age of the oldest item when it is put, and the age at which the first node lets items go. */
const [PUT_AGE, FIRST_AGE] = [600, 730];
/** The floor of each node passes an item so many seconds after that of the node before. */
const STAGGER = 10;
const ITEMS = 120;
/** Between the hints of two items. They go in several parts: a node looks each 120 s of its time. */
const APART_MS = 1_500;
const [JUMPS, RESTARTS] = [2, 4];
const MOST_MS = 60_000;

const tookOld = /refusals_total\{at="\w+",code="HINT_TOO_OLD"\}/;

/** Real time in which the daemons agree about the right time. */
const begin = Date.now();
const rightTime = (): number => begin + PACE * (Date.now() - begin);

function start(mesh: TestMesh, i: number): Promise<Running> {
  const ahead = AHEAD[i]!;
  const clock = new URL('./support/quick-clock.ts', import.meta.url);
  const query = { begin: `${begin}`, pace: `${PACE}`, ahead: `${ahead * SECOND}` };
  clock.search = new URLSearchParams(query).toString();
  const settings = [
    ...['hints.unit=milliseconds', 'sync.intervalMs=1000', 'sync.intervalMaxMs=2000'],
    ...['network.discovery=false', `retention.maxAge=${FIRST_AGE + ahead + i * STAGGER}s`],
  ];
  const args = settings.flatMap((setting) => ['--set', setting]);
  return mesh.start(`n${i}`, { args, execArgv: ['--import', clock.href] });
}

async function linked(node: Running, others: readonly Running[]): Promise<void> {
  for (const other of others) await join2(node, other);
}

/** Items that the node stored since its start, those that it has removed among them. */
async function stored({ client }: Running): Promise<number> {
  const { text } = await client.send('GET', '/metrics');
  assert.doesNotMatch(text, tookOld);
  const counts = text.matchAll(/^rangemesh_items_added_total(?:\{.*\})? (\d+)$/gm);
  return [...counts].reduce((sum, [, count]) => sum + Number(count), 0);
}

async function jumpAndBack({ daemon, client }: Running): Promise<void> {
  const { retention: before } = await client.status();
  await daemon.ask(`clock ${YEAR}`);
  const { retention, set } = await until(
    () => client.status(),
    (status) => status.retention.waits?.code === 'CLOCK_JUMPED',
  );
  assert.ok(BigInt(retention.floor ?? 0) < BigInt(begin + YEAR / 2), 'the floor did not jump');
  assert.deepEqual([set.items, retention.removedItems], [ITEMS, before.removedItems]);
  await daemon.ask('clock 0');
  await until(
    () => client.status(),
    (status) => status.retention.waits === null,
  );
}

describe('five daemons that keep items for different times, by clocks up to five minutes off', () => {
  it('fetch no removed item again, through a jump of a year and a restart amid the removal', async (context) => {
    const mesh = await TestMesh.create(context);
    const nodes = await Promise.all(AHEAD.map((_, i) => start(mesh, i)));
    for (const [i, node] of nodes.entries()) {
      await linked(node, [nodes[(i + 1) % nodes.length]!, nodes[(i + 2) % nodes.length]!]);
    }
    const first = rightTime() - PUT_AGE * SECOND;
    await each(ITEMS, (i) => {
      const hint = BigInt(first + i * APART_MS);
      return nodes[i % nodes.length]!.client.put(new Uint8Array([i]), hint);
    });
    for (const { client } of nodes) {
      await until(
        () => client.status(),
        ({ set }) => set.items === ITEMS,
      );
    }
    const jump = jumpAndBack(nodes[JUMPS]!);
    const restarted = nodes[RESTARTS]!;
    await until(
      () => restarted.client.status(),
      ({ set }) => set.items > 0 && set.items < ITEMS,
      MOST_MS,
    );
    assert.equal(await stored(restarted), ITEMS);
    await restarted.daemon.stop('SIGKILL');
    const again = await start(mesh, RESTARTS);
    await linked(again, [nodes[0]!, nodes[1]!]);
    await jump;
    const all = nodes.with(RESTARTS, again);
    for (const { client } of all) {
      await until(
        () => client.status(),
        ({ set, retention }) => set.items === 0 && retention.left === 0,
        MOST_MS,
      );
    }
    await all[0]!.client.put(new Uint8Array([1, 2]), BigInt(rightTime()));
    for (const [i, node] of all.entries()) {
      const { retention, refused } = await until(
        () => node.client.status(),
        ({ set, state }) => set.items === 1 && state === 'in-sync',
      );
      assert.deepEqual([retention.waits, refused], [null, 0]);
      assert.equal(await stored(node), i === RESTARTS ? 1 : ITEMS + 1, `node ${i}`);
    }
  });
});
