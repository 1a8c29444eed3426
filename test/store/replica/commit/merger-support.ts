import type { TestContext } from 'node:test';
import { delay } from '../../../../src/store/index.ts';
import { Merger } from '../../../../src/store/replica/commit/index.ts';
import type { MergerInit } from '../../../../src/store/replica/commit/testing.ts';
import { settle, VirtualClock } from '../../../support/clock.ts';
import { add, type Kept, numberedItems, openCommitter } from '../committer-support.ts';

/** A clock on which time passes when the test says so, also without timers. */
export class SlowClock extends VirtualClock {
  ms = 0;

  override monotonic(): number {
    return this.ms;
  }
}

export async function openMerger(
  t: TestContext,
  { clock = new VirtualClock(), ...init }: Partial<MergerInit> & { clock?: VirtualClock },
): Promise<{ kept: Kept; merger: Merger }> {
  const kept = await openCommitter(t, { clock });
  const merger = new Merger({
    committer: kept.committer,
    clock,
    bulk: { sliceMs: 10, busyMs: () => clock.monotonic(), turn: () => delay(clock) },
    bufferItems: 8,
    ...init,
  });
  t.after(() => merger.stop());
  return { kept, merger };
}

/** Whether a batch would have to wait. */
export async function waits(merger: Merger): Promise<boolean> {
  let went = false;
  void merger.room().then(() => {
    went = true;
  });
  await settle();
  return !went;
}

/** Has the merger see one slice that takes so long that later ones are as small as can be. */
export async function slowDown(kept: Kept, merger: Merger): Promise<void> {
  await add(kept.committer, numberedItems(1_000, 8));
  const clock = kept.clock as SlowClock;
  const { restore } = spyOnMerges(kept, () => {
    clock.ms += 1_000_000;
  });
  merger.wake();
  await clock.advance(10);
  restore();
}

/** Sees how much work each slice is to be, and how much it is; what it gives is called when it is encoded. */
export function spyOnMerges(
  { committer }: Kept,
  seen: (wanted: number, prepared: number) => unknown,
): { merge: { done: boolean }; restore: () => void } {
  const set = committer.lifecycle.use();
  const original = set.merge;
  const state = { done: false };
  set.merge = (work) => {
    const prepared = original.call(set, work);
    state.done = prepared === null;
    const encoded = prepared === null ? undefined : seen(work, prepared.work);
    if (prepared === null || typeof encoded !== 'function') return prepared;
    return {
      ...prepared,
      fill: (sink) => {
        prepared.fill(sink);
        encoded();
      },
    };
  };
  return {
    merge: state,
    restore: () => {
      set.merge = original;
    },
  };
}
