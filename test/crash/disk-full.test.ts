import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it, type TestContext } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { itemId, type Replica, StoreError } from '../../src/store/index.ts';
import { numbered } from './items.ts';
import { openReplica } from './replica.ts';

const MIB = 2 ** 20;

/** A file system of 64 MiB; null where this user may not mount one. */
async function smallDisk(t: TestContext): Promise<string | null> {
  const directory = await mkdtemp(join(tmpdir(), 'rangemesh-full-'));
  const options = ['-t', 'tmpfs', '-o', 'size=64m', 'tmpfs', directory];
  const mounted = spawnSync('mount', options).status === 0;
  t.after(async () => {
    if (mounted) spawnSync('umount', ['-l', directory]);
    await rm(directory, { recursive: true });
  });
  return mounted ? directory : null;
}

/** Puts items until one is refused; the numbers of those acknowledged, and the refusal. */
async function fill(replica: Replica, first: number): Promise<{ held: number[]; code: string }> {
  const held: number[] = [];
  for (let n = first; ; n += 200) {
    const numbers = Array.from({ length: 200 }, (_, i) => n + i);
    try {
      await replica.put(numbers.map(numbered));
    } catch (error) {
      return { held, code: error instanceof StoreError ? error.code : String(error) };
    }
    held.push(...numbers);
  }
}

describe('disk that is full', () => {
  it('loses nothing acknowledged, says so, and is written to again once there is room', async (t) => {
    const directory = await smallDisk(t);
    if (directory === null) return t.skip('mounting a small tmpfs is not permitted');
    const ballast = join(directory, 'ballast');
    await writeFile(ballast, new Uint8Array(40 * MIB));
    const replica = await openReplica(directory);
    t.after(() => replica.close());
    const { held, code } = await fill(replica, 0);
    assert.equal(code, 'DISK_FULL');
    assert.ok(held.length > 0);
    assert.equal(replica.status().refusing?.code, 'DISK_FULL');
    await assertHeld(replica, held);
    await assert.rejects(replica.put([numbered(9_999_999)]), { code: 'DISK_FULL' });
    await rm(ballast);
    for (let i = 0; replica.status().refusing !== null; i++) {
      assert.ok(i < 600, `still refusing: ${replica.status().refusing?.message}`);
      await sleep(100);
    }
    await replica.put([numbered(9_999_999)]);
    await assertHeld(replica, [...held, 9_999_999]);
    const { ok, problems, items } = await replica.verify();
    assert.deepEqual(
      { ok, problems, items },
      { ok: true, problems: [], items: replica.status().items },
    );
  });
});

async function assertHeld(replica: Replica, numbers: readonly number[]): Promise<void> {
  for (const number of numbers) {
    const { hint, payload } = numbered(number);
    assert.deepEqual((await replica.get(itemId(hint, payload)))?.payload, payload);
  }
}
