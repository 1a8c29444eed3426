import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { Union } from '../../../../../bench/reconcile/sets.ts';
import {
  nativeDialect,
  type Role,
  type Session,
  type Step,
} from '../../../../../src/protocol/index.ts';
import { DEFAULT_NATIVE_LIMITS } from '../../../../../src/protocol/reconcile/dialects/native/options.ts';
import { lthash, type Snapshot } from '../../../../../src/store/index.ts';
import { SeededRandom } from '../../../../support/random.ts';
import { counting } from '../../counting-snapshot.ts';

const ITEMS = 1_000_000;
/** A slice, and the most that is read between two looks at the meter: a batch, and the ends of a range. */
const MOST_READ = DEFAULT_NATIVE_LIMITS.sliceItems + 4_096;
/** What a session may hold beside the set: 1,048,576 ids, each once, with what a set of them costs. */
const HELD_BYTES = 256 * 1024 * 1024;

setFlagsFromString('--expose-gc');
const collect = runInNewContext('gc') as () => void;

/** The most that a step of either session reads from its snapshot. */
function mostReadInAStep(a: Snapshot, b: Snapshot, seed: string): number {
  const reads = { count: 0 };
  let most = 0;
  converse(counting(a, reads), counting(b, reads), seed, (work) => {
    const before = reads.count;
    const step = work();
    most = Math.max(most, reads.count - before);
    return step;
  });
  return most;
}

/** Carries the frames of two sessions; ids are handed to `missing` as they come. */
function converse(
  a: Snapshot,
  b: Snapshot,
  seed: string,
  watch: (work: () => Step) => Step,
  missing: (ids: readonly Uint8Array[]) => void = () => {},
): Record<Role, Session> {
  const dialect = (role: Role) => nativeDialect({ random: new SeededRandom(`${seed} ${role}`) });
  const sessions = {
    initiator: dialect('initiator').session({ role: 'initiator', snapshot: a }),
    responder: dialect('responder').session({ role: 'responder', snapshot: b }),
  };
  const queue: { to: Role; frame: Uint8Array }[] = [];
  /** One frame of each side is on its way at a time, as over a pipe that is full. */
  const going: { from: Role; step: Step }[] = [];
  const take = (from: Role, step: Step): void => {
    missing(step.missing);
    const to = from === 'initiator' ? 'responder' : 'initiator';
    for (const frame of step.frames) queue.push({ to, frame });
    if (step.pending !== undefined) going.push({ from, step });
  };
  take(
    'responder',
    watch(() => sessions.responder.start()),
  );
  take(
    'initiator',
    watch(() => sessions.initiator.start()),
  );
  while (queue.length > 0 || going.length > 0) {
    const next = queue.shift();
    if (next !== undefined && !going.some(({ from }) => from === next.to)) {
      take(
        next.to,
        watch(() => sessions[next.to].receive(next.frame)),
      );
      continue;
    }
    if (next !== undefined) queue.unshift(next);
    const { from } = going.shift()!;
    take(
      from,
      watch(() => sessions[from].proceed!(true)),
    );
  }
  return sessions;
}

for (const storage of ['memory', 'level'] as const) {
  describe(`native sessions of ${ITEMS} items in ${storage}`, () => {
    let union: Union;
    before(() => {
      union = new Union(ITEMS, storage);
    });
    after(() => union.close());

    for (const spread of ['scattered', 'all-recent'] as const) {
      for (const d of [0, 1, 100, 1_000, 10_000]) {
        it(`read a bounded share of it in each step: ${d} differences, ${spread}`, async () => {
          const [a, b] = await union.snapshots(lthash, union.pair(d, spread));
          const most = mostReadInAStep(a!, b!, 'measured');
          assert.ok(most <= MOST_READ, `${most} items in one step`);
          a!.release();
          b!.release();
        });
      }
    }

    it('bring an empty node all of them, in bounded memory, as they come', async () => {
      const [empty, full] = await union.snapshots(lthash, union.pair(ITEMS, 'empty'));
      collect();
      const held = process.memoryUsage();
      let [ids, most, largest] = [0, 0, 0];
      const count = (some: readonly Uint8Array[]): void => {
        ids += some.length;
        largest = Math.max(largest, some.length);
        if (some.length === 0 || ids % 100_000 > some.length) return;
        collect();
        const { heapUsed, external } = process.memoryUsage();
        most = Math.max(most, heapUsed + external - held.heapUsed - held.external);
      };
      const { initiator } = converse(empty!, full!, 'empty', (work) => work(), count);
      assert.equal(initiator.finding!.proved, true);
      assert.equal(ids, ITEMS);
      assert.ok(largest <= 4_096, `${largest} ids in one step`);
      assert.ok(most <= HELD_BYTES, `${Math.round(most / 2 ** 20)} MiB`);
      empty!.release();
      full!.release();
    });
  });
}
