import assert from 'node:assert/strict';
import { it } from 'node:test';
import { type Item, itemId, lthash } from '../../../../src/store/index.ts';
import { Committer } from '../../../../src/store/replica/commit/index.ts';
import { setKeys } from '../../../../src/store/replica/records/index.ts';
import { Incidents } from '../../../../src/store/replica/testing.ts';
import { VirtualClock } from '../../../support/clock.ts';
import { FakeDisk } from '../../../support/fake-disk.ts';
import { openLevel } from '../../tree/support.ts';
import { startAlone } from '../committer-support.ts';

const database = openLevel();
const clock = new VirtualClock();
const WORK = 300;

it('merges fewer keys at a time where they are scattered than where they lie side by side', async () => {
  const committer = await openCommitter();
  const add = (hints: readonly number[]) => committer.commit((set) => set.add(hints.map(item), []));
  // Side by side, so that they go into the tree at once: leaves all over the key space.
  await add(Array.from({ length: 2_000 }, (_, i) => 10 * i));
  const scattered = Array.from({ length: 100 }, (_, i) => 200 * i + 1);
  for (const hint of scattered) await add([hint]);
  for (let i = 0; i < 400; i++) await add([20_000 + i]);
  const before = committer.lifecycle.use().buffered;
  assert.equal(before, 500);
  committer.lifecycle.use().startSweep();
  const moved: number[] = [];
  for (let left = before; ; ) {
    const slice = await committer.commit((set) => {
      const prepared = set.merge(WORK);
      assert.ok(prepared === null || prepared.work <= WORK, `work of ${prepared?.work}`);
      return prepared;
    });
    if (!slice) break;
    moved.push(left - committer.lifecycle.use().buffered);
    left = committer.lifecycle.use().buffered;
  }
  assert.equal(committer.lifecycle.use().buffered, 0);
  const first = moved.slice(0, 3);
  const last = moved.slice(-2);
  assert.ok(Math.max(...first) < 30, `slices of ${first} where keys are scattered`);
  assert.ok(Math.max(...last) > 60, `slices of ${last} where they lie side by side`);
  await committer.close();
});

async function openCommitter(): Promise<Committer> {
  const opened = await database();
  const committer = new Committer({
    open: async () => opened,
    keys: setKeys('set'),
    scheme: lthash,
    clock,
    disk: new FakeDisk(),
    shape: { leafItems: 64, fanout: 8, cacheBytes: 1_000_000, maxSnapshotAgeMs: 600_000 },
    incidents: new Incidents(clock, undefined),
    witness: undefined,
  });
  await startAlone(committer);
  return committer;
}

function item(hint: number): Item {
  const payload = new Uint8Array(0);
  return { hint: BigInt(hint), id: itemId(BigInt(hint), payload), payload };
}
