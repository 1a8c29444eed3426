import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { pino } from 'pino';
import { PolicyMemory } from '../../../../src/daemon/guard/policy/index.ts';
import type { PolicyRefusal } from '../../../../src/store/index.ts';
import { settle } from '../../../support/clock.ts';

/** A memory over a store whose writes end by hand. */
class MemoryRig {
  readonly log: Record<string, unknown>[] = [];
  readonly writes: (readonly PolicyRefusal[])[] = [];
  readonly #open: PromiseWithResolvers<void>[] = [];
  readonly memory: PolicyMemory;

  constructor(maxWaiting?: number) {
    const logger = pino({ base: null }, { write: (line) => this.log.push(JSON.parse(line)) });
    const note = (items: readonly PolicyRefusal[]): Promise<void> => {
      this.writes.push(items);
      this.#open.push(Promise.withResolvers());
      return this.#open.at(-1)!.promise;
    };
    this.memory = new PolicyMemory({
      ...{ refusals: { note }, logger },
      ...(maxWaiting !== undefined && { maxWaiting }),
    });
  }

  get sizes(): number[] {
    return this.writes.map((items) => items.length);
  }

  async end(error?: Error): Promise<void> {
    const { resolve, reject } = this.#open.shift()!;
    if (error === undefined) resolve();
    else reject(error);
    await settle();
  }
}

function refusals(count: number, first = 0, source = 'a'): PolicyRefusal[] {
  return Array.from({ length: count }, (_, i) => {
    const id = new Uint8Array(32);
    new DataView(id.buffer).setUint32(0, first + i);
    return { id, hint: 1n, source, reason: `reason ${first + i}` };
  });
}

describe('the memory of refusals', () => {
  it('writes one at a time, whatever the reasons, and has the next take all that came meanwhile', async () => {
    const rig = new MemoryRig();
    for (let at = 0; at < 1_000; at++) rig.memory.remember(refusals(1, at));
    assert.deepEqual(rig.sizes, [1]);
    await rig.end();
    assert.deepEqual(rig.sizes, [1, 999]);
    rig.memory.remember(refusals(2));
    await rig.end();
    await rig.end();
    assert.deepEqual(rig.sizes, [1, 999, 2]);
    rig.memory.remember([]);
    assert.equal(rig.writes.length, 3);
  });

  it('holds a bounded number that wait, an id of a source once', async () => {
    const rig = new MemoryRig(4);
    rig.memory.remember(refusals(1));
    rig.memory.remember([...refusals(2, 1), ...refusals(2, 1), ...refusals(1, 1, 'b')]);
    rig.memory.remember(refusals(20, 3));
    await rig.end();
    assert.deepEqual(rig.sizes, [1, 4]);
    assert.deepEqual(
      rig.writes[1]!.map(({ source, reason }) => `${source} ${reason}`),
      ['a reason 1', 'a reason 2', 'b reason 1', 'a reason 3'],
    );
  });

  it('goes on after a write that fails', async () => {
    const rig = new MemoryRig();
    rig.memory.remember(refusals(1));
    rig.memory.remember(refusals(1, 1));
    await rig.end(new Error('the disk is full'));
    assert.deepEqual([rig.sizes, rig.log.length], [[1, 1], 1]);
    await rig.end();
    rig.memory.remember(refusals(1, 2));
    assert.equal(rig.writes.length, 3);
  });
});
