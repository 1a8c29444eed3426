import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { describe, it } from 'node:test';
import { MemoryLevel } from 'memory-level';
import { hexToBytes, openDatabase, Replica } from '../../../src/store/index.ts';
import { cleanUp } from '../../support/clean-up.ts';
import { VirtualClock } from '../../support/clock.ts';
import { FakeDisk } from '../../support/fake-disk.ts';
import { coded, item, openReplica, temporaryDirectory } from '../replica/support.ts';

const text = new TextEncoder();
const environment = { clock: new VirtualClock(), disk: new FakeDisk() };

describe('database', () => {
  it('is opened by one process at a time', async (t) => {
    const directory = await temporaryDirectory(t);
    const replica = await openReplica(t, directory);
    await assert.rejects(openDatabase(directory), coded('STORE_LOCKED'));
    await replica.close();
    await openReplica(t, directory);
  });

  it('says why it cannot be opened', async (t) => {
    const file = join(await temporaryDirectory(t), 'file');
    await writeFile(file, 'not a directory');
    await assert.rejects(openDatabase(file), coded('STORE_OPEN_FAILED'));
  });

  it('reports damage that LevelDB finds', async (t) => {
    const directory = await temporaryDirectory(t);
    await (await openReplica(t, directory)).close();
    for (const current of ['MANIFEST-000002', 'MANIFEST-999999\n', 'lost\n']) {
      await writeFile(join(directory, 'CURRENT'), current);
      await assert.rejects(openDatabase(directory), coded('STORE_CORRUPT'));
    }
  });

  it('is not created again when its file CURRENT is lost', async (t) => {
    const directory = await temporaryDirectory(t);
    const replica = await openReplica(t, directory);
    await replica.put([item(1)]);
    await replica.close();
    const current = await readFile(join(directory, 'CURRENT'));
    await rm(join(directory, 'CURRENT'));
    await assert.rejects(openDatabase(directory), coded('STORE_CORRUPT'));
    await writeFile(join(directory, 'CURRENT'), current);
    const again = await openReplica(t, directory);
    assert.equal(again.status().items, 1);
  });

  it('is created again where its creation was cut off', async (t) => {
    const directory = await temporaryDirectory(t);
    await writeFile(join(directory, 'MANIFEST-000001'), '');
    await openReplica(t, directory);
  });

  it('is refused, and stays as it is, when its schema is newer', async (t) => {
    const directory = await temporaryDirectory(t);
    await (await openReplica(t, directory)).close();
    const database = await openDatabase(directory);
    await database.put(text.encode('meta/schema'), new Uint8Array([0, 0, 0, 5]));
    await database.close();
    await assert.rejects(openReplica(t, directory), coded('UNSUPPORTED_SCHEMA'));
    const again = await openDatabase(directory);
    const schema = new Uint8Array((await again.get(text.encode('meta/schema')))!);
    await again.close();
    assert.deepEqual(schema, new Uint8Array([0, 0, 0, 5]));
  });

  it('is refused when another program wrote it', async (t) => {
    const directory = await temporaryDirectory(t);
    const database = await openDatabase(directory);
    await database.put(text.encode('other'), text.encode('thing'));
    await database.close();
    await assert.rejects(openReplica(t, directory), coded('UNSUPPORTED_SCHEMA'));
  });

  it('may be any abstract-level database', async (t) => {
    const database = new MemoryLevel<Uint8Array, Uint8Array>({
      keyEncoding: 'view',
      valueEncoding: 'view',
    });
    const replica = await Replica.open({ ...environment, database });
    cleanUp(t, () => replica.close());
    const [result] = await replica.put([item(1)]);
    assert.deepEqual((await replica.get(result!.id))?.payload, item(1).payload);
  });

  it('holds every acknowledged item after SIGKILL', async (t) => {
    const directory = await temporaryDirectory(t);
    const writer = new URL('./writer.ts', import.meta.url);
    const child = spawn(process.execPath, [writer.pathname, directory], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    cleanUp(t, () => child.kill('SIGKILL'));
    const acknowledged: string[] = [];
    for await (const line of createInterface(child.stdout)) {
      acknowledged.push(line);
      if (acknowledged.length === 100) child.kill('SIGKILL');
    }
    if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
    assert.equal(child.signalCode, 'SIGKILL');
    const replica = await openReplica(t, directory);
    for (const id of acknowledged.filter((line) => line.length === 64)) {
      assert.ok(await replica.get(hexToBytes(id)), `${id} was acknowledged`);
    }
    assert.equal(replica.status().items, replica.snapshot().size);
  });
});
