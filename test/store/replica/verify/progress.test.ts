import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { decodeState } from '../../../../src/store/replica/records/index.ts';
import type { VerifyProgress } from '../../../../src/store/replica/verify/index.ts';
import { KEYS, MemorySet } from '../in-memory.ts';
import { type Change, COUNT, database, key, verify } from './support.ts';

describe('a verification under way', () => {
  it('asks a witness for commits that were lost', async (t) => {
    const of = await database(t);
    const { commit } = decodeState(new Uint8Array((await of.get(KEYS.state))!));
    for (const known of [0, commit]) {
      assert.equal((await verify(of, { witness: { read: async () => known } })).ok, true);
    }
    const { problems } = await verify(of, { witness: { read: async () => commit + 1 } });
    assert.deepEqual(
      problems.map(({ code }) => code),
      ['COMMITS_LOST'],
    );
    assert.match(problems[0]!.message, new RegExp(`up to ${commit + 1} .* ends with ${commit}:`));
  });

  it('lists a hundred problems by default, and counts all', async (t) => {
    const change: Change = async (of) => {
      for (let i = 0; i < 101; i++) await of.del(KEYS.id(key(i).id));
    };
    const of = await database(t, change, 110 as number);
    const found = await verify(of);
    assert.deepEqual([found.problems.length, found.problemCount], [100, 101]);
    for (const [maxProblems, listed] of [
      [0, 0],
      [1, 1],
      [101, 101],
      [102, 101],
    ] as const) {
      const { problems: some, problemCount } = await verify(of, { maxProblems });
      assert.deepEqual([some.length, problemCount], [listed, 101], `${maxProblems} at most`);
    }
  });

  it('reports its progress, and ends when it is aborted', async (t) => {
    const of = await database(t);
    const told: VerifyProgress[] = [];
    await verify(of, { progress: (progress) => told.push(progress) });
    assert.deepEqual(
      [...new Set(told.map(({ phase }) => phase))],
      ['log', 'tree', 'items', 'ids', 'arrivals'],
    );
    assert.ok(told.every(({ of: all, done }) => all === COUNT && done >= 0));
    for (const phase of ['items', 'ids']) {
      assert.equal(told.findLast((one) => one.phase === phase)?.done, COUNT, phase);
    }
    const abort = new AbortController();
    const calls: string[] = [];
    const progress = ({ phase }: VerifyProgress): void => {
      calls.push(phase);
      abort.abort(new Error('called off'));
    };
    await assert.rejects(verify(of, { progress, signal: abort.signal }), /^Error: called off$/);
    assert.deepEqual(calls, ['log']);
  });

  it('reports its progress in the tree in items, every eight leaves', async (t) => {
    const leaves: number[] = [];
    const set = await MemorySet.of(1_000);
    const replica = await set.open(t);
    await set.clock.advance(100);
    assert.equal(replica.status().buffered, 0);
    await verify(set.database, {
      progress: ({ phase, done }) => {
        if (phase === 'tree') leaves.push(done);
      },
    });
    assert.deepEqual(leaves.slice(0, 2), [768, 1_000]);
    assert.ok(leaves.length >= 31 && leaves.length <= 62, `${leaves.length} times`);
  });

  it('leaves the thread to others after a slice of bulk work, and not before', async (t) => {
    for (const [stepMs, expected] of [
      [2.9, 0],
      [3, 1],
    ] as const) {
      let usedMs = 0;
      let turns = 0;
      const turn = async (): Promise<void> => {
        turns++;
      };
      let steps = 0;
      await verify(await database(t), {
        bulk: { sliceMs: 3, busyMs: () => usedMs, turn },
        progress: () => {
          if (steps++ === 0) usedMs += stepMs;
        },
      });
      assert.equal(turns, expected, `${stepMs} ms of work`);
    }
  });

  it('has items in steps of 256', async (t) => {
    const told: number[] = [];
    await verify(await database(t, undefined, 600), {
      progress: ({ phase, done }) => {
        if (phase === 'items') told.push(done);
      },
    });
    assert.deepEqual(told, [256, 512, 600]);
  });

  it('pauses after ten milliseconds of work by itself, and not before', async (t) => {
    for (const [stepMs, pauses] of [
      [9, false],
      [10, true],
    ] as const) {
      let waited = 0;
      let now = 0;
      const slow = {
        now: () => 0,
        monotonic: () => now,
        after: (delayMs: number, callback: () => void) => {
          assert.equal(delayMs, 0);
          waited++;
          queueMicrotask(callback);
          return () => undefined;
        },
      };
      let steps = 0;
      await verify(await database(t), {
        clock: slow,
        progress: () => {
          if (steps++ === 0) now += stepMs;
        },
      });
      assert.equal(waited > 0, pauses, `${stepMs} ms of work`);
      assert.equal(waited <= 1, true, 'a pause begins a new slice');
    }
  });
});
