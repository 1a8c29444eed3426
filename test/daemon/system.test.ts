import assert from 'node:assert/strict';
import { mkdtemp, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it, type TestContext } from 'node:test';
import { systemBusyTime, systemWitness } from '../../src/daemon/system/index.ts';

async function temporary(context: TestContext): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), 'rangemesh-witness-'));
  context.after(() => rm(directory, { recursive: true, force: true }));
  return join(directory, 'commit');
}

describe('systemBusyTime', () => {
  it('passes while this thread works, and hardly while it waits', async () => {
    const worked = systemBusyTime();
    const begin = performance.now();
    while (systemBusyTime() - worked < 5) assert.ok(performance.now() - begin < 60_000);
    const waited = systemBusyTime();
    await new Promise((resolve) => setTimeout(resolve, 100));
    assert.ok(systemBusyTime() - waited < 90, `${systemBusyTime() - waited} ms`);
  });
});

describe('systemWitness', () => {
  it('remembers the last number, in a file that never grows', async (context) => {
    const path = await temporary(context);
    const first = systemWitness(path);
    assert.equal(await first.read(), 0);
    first.write(2 ** 40);
    first.write(7);
    first.close();
    const again = systemWitness(path);
    assert.equal(await again.read(), 7);
    again.write(8);
    again.close();
    assert.equal(await systemWitness(path).read(), 8);
    assert.equal((await stat(path)).size, 8);
  });

  it('treats an invalid file and a missing directory as no number', async (context) => {
    const path = await temporary(context);
    await writeFile(path, 'torn');
    assert.equal(await systemWitness(path).read(), 0);
    const none = systemWitness(join(path, 'none'));
    none.write(1);
    assert.equal(await none.read(), 0);
    none.close();
  });
});
