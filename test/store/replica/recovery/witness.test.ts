import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { openDatabase } from '../../../../src/store/index.ts';
import { codes } from '../in-memory.ts';
import { MemoryWitness, open } from '../on-disk.ts';
import { item, tapBatches, temporaryDirectory } from '../support.ts';

describe('the witness', () => {
  it('reveals commits that were cut off the end of the log', async (t) => {
    const directory = await temporaryDirectory(t);
    const witness = new MemoryWitness();
    const first = await open(t, directory, { witness });
    await first.put([item(1)]);
    await first.put([item(2)]);
    assert.equal(witness.commit, first.status().commit);
    await first.close();
    witness.commit += 3;
    const replica = await open(t, directory, { witness });
    await replica.ready();
    assert.deepEqual(codes(replica), ['COMMITS_LOST']);
    assert.ok(replica.status().needsRefill);
    await replica.markRefilled();
    await replica.close();
    assert.deepEqual(codes(await open(t, directory, { witness })), []);
  });
});

describe('the witness of lost commits', () => {
  it('keeps their number until the database is marked for a refill', async (t) => {
    const directory = await temporaryDirectory(t);
    const witness = new MemoryWitness();
    const first = await open(t, directory, { witness });
    await first.put([item(1)]);
    await first.close();
    witness.commit += 3;
    const known = witness.commit;
    const database = await openDatabase(directory);
    const written: number[] = [];
    tapBatches(database, async (_, write) => {
      written.push(witness.commit);
      await write();
    });
    const replica = await open(t, directory, { witness, database });
    await replica.put([item(2)]);
    await replica.ready();
    assert.equal(written[0], known);
    assert.equal(witness.commit, replica.status().commit);
    assert.ok(replica.status().needsRefill);
  });
});
