import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { describe, it } from 'node:test';
import { MemoryLevel } from 'memory-level';
import { bytesToHex, hexToBytes, itemId, openDatabase, Replica } from '../../../src/store/index.ts';
import { VirtualClock } from '../../support/clock.ts';
import { coded, FakeDisk, item, items, openReplica, temporaryDirectory } from './support.ts';

const text = new TextEncoder();
const environment = { clock: new VirtualClock(), disk: new FakeDisk() };

describe('database', () => {
  it('is opened by one at a time', async (t) => {
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

  it('says so when LevelDB finds it damaged', async (t) => {
    const directory = await temporaryDirectory(t);
    await (await openReplica(t, directory)).close();
    await writeFile(join(directory, 'CURRENT'), 'MANIFEST-000002');
    await assert.rejects(openDatabase(directory), coded('STORE_CORRUPT'));
  });

  it('is refused when its schema is newer, and left as it was', async (t) => {
    const directory = await temporaryDirectory(t);
    await (await openReplica(t, directory)).close();
    const database = await openDatabase(directory);
    await database.put(text.encode('meta/schema'), new Uint8Array([0, 0, 0, 2]));
    await database.close();
    await assert.rejects(openReplica(t, directory), coded('UNSUPPORTED_SCHEMA'));
    const again = await openDatabase(directory);
    const schema = new Uint8Array((await again.get(text.encode('meta/schema')))!);
    await again.close();
    assert.deepEqual(schema, new Uint8Array([0, 0, 0, 2]));
  });

  it('is refused when it is not of rangemesh', async (t) => {
    const directory = await temporaryDirectory(t);
    const database = await openDatabase(directory);
    await database.put(text.encode('other'), text.encode('thing'));
    await database.close();
    await assert.rejects(openReplica(t, directory), coded('UNSUPPORTED_SCHEMA'));
  });

  it('is laid out as documented', async (t) => {
    const directory = await temporaryDirectory(t);
    const replica = await openReplica(t, directory);
    const payload = text.encode('hello');
    await replica.put([{ hint: 0x0102n, payload }]);
    await replica.close();
    const id = bytesToHex(itemId(0x0102n, payload));
    const database = await openDatabase(directory);
    const records = await database.iterator().all();
    await database.close();
    const name = (value: string): string => bytesToHex(text.encode(value));
    assert.deepEqual(
      records.map(([key, value]) => [bytesToHex(key), bytesToHex(value)]),
      [
        [name('id/') + id, '00000000000001020000000000000005'],
        [`${name('item/')}0000000000000102${id}`, name('hello')],
        [name('meta/schema'), '00000001'],
        [name('meta/totals'), '00000000000000010000000000000005'],
      ],
    );
  });

  it('is refused with a damaged record, and a missing payload is an error, not an absence', async (t) => {
    const directory = await temporaryDirectory(t);
    const replica = await openReplica(t, directory);
    const [result] = await replica.put([item(1)]);
    await replica.close();
    const id = result!.id;
    const database = await openDatabase(directory);
    const [payloadKey] = await database.keys({ gte: text.encode('item/'), limit: 1 }).all();
    await database.del(payloadKey!);
    const reopened = await openReplica(t, directory, { database });
    await assert.rejects(reopened.get(id), coded('STORE_CORRUPT'));
    await reopened.close();
    const damaged = await openDatabase(directory);
    await damaged.put(text.encode('id/short'), new Uint8Array(16));
    await assert.rejects(openReplica(t, directory, { database: damaged }), coded('STORE_CORRUPT'));
  });

  it('goes by what is there when its totals say otherwise, and says so', async (t) => {
    const directory = await temporaryDirectory(t);
    const replica = await openReplica(t, directory);
    const [result] = await replica.put(items(3));
    await replica.close();
    const database = await openDatabase(directory);
    const idKey = new Uint8Array([...text.encode('id/'), ...result!.id]);
    await database.del(idKey);
    const errors: object[] = [];
    const logger = { warn: () => undefined, error: (fields: object) => errors.push(fields) };
    const reopened = await openReplica(t, directory, { database, logger });
    assert.equal(errors.length, 1);
    assert.equal(reopened.status().items, 2);
    assert.equal((await reopened.put([item(0)]))[0]?.created, true);
  });

  it('may be any abstract-level database', async (t) => {
    const database = new MemoryLevel<Uint8Array, Uint8Array>({
      keyEncoding: 'view',
      valueEncoding: 'view',
    });
    const replica = await Replica.open({ ...environment, database });
    t.after(() => replica.close());
    const [result] = await replica.put([item(1)]);
    assert.deepEqual((await replica.get(result!.id))?.payload, item(1).payload);
  });

  it('holds after SIGKILL everything it acknowledged', async (t) => {
    const directory = await temporaryDirectory(t);
    const writer = new URL('./writer.ts', import.meta.url);
    const child = spawn(process.execPath, [writer.pathname, directory], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    t.after(() => child.kill('SIGKILL'));
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
