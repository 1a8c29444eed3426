import assert from 'node:assert/strict';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { describe, it } from 'node:test';
import { converged, each, join2, type Running, TestMesh, until } from '../e2e/support/mesh.ts';
import { freePorts, runExample, startExample } from './support.ts';

const ITEMS = 400;

/** Ids with their payloads, in order of ids. */
function rowsOf(file: string): string[] {
  const database = new DatabaseSync(file, { readOnly: true });
  try {
    const rows = database.prepare('SELECT id, payload FROM items ORDER BY id').all();
    return rows.map(({ id, payload }) => `${id} ${Buffer.from(payload as Uint8Array)}`);
  } finally {
    database.close();
  }
}

async function put(node: Running, from: number, to: number): Promise<string[]> {
  return each(to - from, async (i) => {
    const payload = `item ${from + i}`;
    const { text } = await node.client.send(
      'POST',
      `/v1/items?hint=${from + i}`,
      Buffer.from(payload),
    );
    return `${JSON.parse(text).id} ${payload}`;
  });
}

describe('the example feed-to-sqlite', () => {
  it('stays equal to the node while both are killed, twice in a row', async (context) => {
    const mesh = await TestMesh.create(context);
    const file = mesh.path('items.sqlite');
    const [port] = await freePorts(1);
    const start = () => mesh.start('a', { args: ['--admin-port', String(port)] });
    const follow = ['--database', file, '--url', `http://127.0.0.1:${port}`];
    let node = await start();
    const expected: string[] = [];
    for (const kill of [0, 1]) {
      let application = startExample(context, 'feed-to-sqlite', follow);
      await application.line(/reading on/);
      const writing = put(node, ITEMS * kill, ITEMS * (kill + 1));
      await until(
        async () => rowsOf(file).length,
        (rows) => rows > ITEMS * kill,
        120_000,
      );
      await application.kill();
      application = startExample(context, 'feed-to-sqlite', follow);
      await application.line(/the node answers/);
      expected.push(...(await writing));
      await node.daemon.stop('SIGKILL');
      node = await start();
      await until(
        async () => rowsOf(file).length,
        (rows) => rows === expected.length,
        120_000,
      );
      await application.kill();
    }
    assert.equal(rowsOf(file).join('\n'), expected.sort().join('\n'));
  });

  it('takes a new epoch: lost items go, and all others stay', async (context) => {
    const mesh = await TestMesh.create(context);
    const file = join(mesh.path('items.sqlite'));
    const [port] = await freePorts(1);
    const args = ['--admin-port', String(port)];
    const follow = ['--database', file, '--url', `http://127.0.0.1:${port}`, '--once'];
    let [a, b] = [await mesh.start('a', { args }), await mesh.start('b')];
    await put(a, 0, 5);
    assert.equal((await runExample(context, 'feed-to-sqlite', follow)).code, 0);
    assert.equal(rowsOf(file).length, 5, 'these are at node a alone');
    await a.daemon.stop('SIGKILL');
    await mesh.remove('a');
    const kept = await put(b, 100, 110);
    a = await mesh.start('a', { args });
    await join2(a, b);
    await converged([a, b], 1);
    const { code, stderr } = await runExample(context, 'feed-to-sqlite', follow);
    assert.equal(`${code} ${stderr}`, '0 ');
    assert.equal(rowsOf(file).join('\n'), kept.sort().join('\n'));
  });
});
