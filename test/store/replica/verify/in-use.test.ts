import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { codes } from '../in-memory.ts';
import { firstKey, open, tamper } from '../on-disk.ts';
import { coded, items, temporaryDirectory } from '../support.ts';

describe('a verification while the set is in use', () => {
  it('changes no record, and logs an incident when it finds a problem', async (t) => {
    const directory = await temporaryDirectory(t);
    const first = await open(t, directory);
    await first.put(items(150));
    await first.close();
    await tamper(directory, async (database) => database.del(await firstKey(database, 'set/i', 3)));
    const replica = await open(t, directory);
    const { ok, problems } = await replica.verify();
    assert.deepEqual([ok, problems.map(({ code }) => code)], [false, ['ID_RECORD']]);
    await replica.ready();
    assert.deepEqual(codes(replica), ['VERIFY_FAILED']);
    assert.match(replica.status().incidents[0]!.message, /found 1 problem.*ID_RECORD/);
    assert.equal((await replica.verify()).ok, false);
    await replica.close();
    await assert.rejects(replica.verify(), coded('STORE_CLOSED'));
  });
});
