import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it, type TestContext } from 'node:test';
import { pino } from 'pino';
import { openWitness, WITNESS_FILE } from '../../src/daemon/witness.ts';

const logger = pino({ level: 'silent' });

async function temporary(context: TestContext): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), 'rangemesh-witness-'));
  context.after(() => rm(directory, { recursive: true, force: true }));
  return directory;
}

describe('witness', () => {
  it('remembers the last number, in a file that never grows', async (context) => {
    const directory = await temporary(context);
    const first = openWitness(directory, logger);
    assert.equal(await first.read(), 0);
    first.write(123_456);
    first.write(7);
    first.close();
    first.write(8);
    const again = openWitness(directory, logger);
    assert.equal(await again.read(), 7);
    again.close();
    assert.equal((await readFile(join(directory, WITNESS_FILE))).length, 21);
  });

  it('takes a file that holds anything else for none, and a missing directory too', async (context) => {
    const directory = await temporary(context);
    await writeFile(join(directory, WITNESS_FILE), '00000000000000000012');
    const torn = openWitness(directory, logger);
    assert.equal(await torn.read(), 0);
    torn.close();
    const none = openWitness(join(directory, 'none'), logger);
    none.write(1);
    assert.equal(await none.read(), 0);
    none.close();
  });
});
