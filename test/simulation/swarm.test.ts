import assert from 'node:assert/strict';
import { appendFileSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import type { Database } from '../../src/store/index.ts';
import { cleanUp } from '../support/clean-up.ts';
import { memoryDatabase } from '../support/memory-database.ts';
import { assertProperty } from '../support/property.ts';
import { arrayDatabase } from './swarm/array-level.ts';
import { Done } from './swarm/done.ts';
import { flagsOf, numbersIn, rangesOf } from './swarm/minimise.ts';

const key = fc.nat(15).map((byte) => new Uint8Array(byte < 8 ? [byte] : [7, byte]));

const operations = fc.array(
  fc.record({ type: fc.constantFrom('put' as const, 'del' as const), key, value: fc.nat(255) }),
  { maxLength: 12, size: 'max' },
);

interface Reading {
  readonly from: Uint8Array;
  readonly to: Uint8Array;
  readonly reverse: boolean;
}

/** All that a database answers about a range, now and as of a snapshot. */
async function answers(database: Database, snapshot: object, range: Reading): Promise<unknown> {
  const options = { gte: range.from, lt: range.to, reverse: range.reverse };
  const at = { snapshot } as object;
  const found = await database.iterator({ ...options, ...at }).all();
  const gt = await database.keys({ gt: range.from, lte: range.to }).all();
  const one = database.getSync(range.from, { keyEncoding: 'view', valueEncoding: 'view' });
  const many = await database.getMany([range.from, range.to]);
  return [found, gt, one, many].map((each) => JSON.stringify(each));
}

describe('a database over arrays', () => {
  it('answers as memory-level does, now and as of a snapshot', async () => {
    const readings = fc.record({ from: key, to: key, reverse: fc.boolean() });
    await assertProperty(
      fc.asyncProperty(operations, operations, readings, async (before, after, range) => {
        const [one, other] = await Promise.all(
          [arrayDatabase(), memoryDatabase()].map(async (database) => {
            const write = (all: typeof before) =>
              database.batch(all.map((each) => ({ ...each, value: new Uint8Array([each.value]) })));
            await database.open();
            await write(before);
            const snapshot = database.snapshot();
            await write(after);
            const said = await answers(database, snapshot, range);
            await database.clear({ gte: range.from, lt: range.to });
            return [said, JSON.stringify(await database.keys().all())];
          }),
        );
        assert.deepEqual(one, other);
      }),
      { numRuns: 40 },
    );
  });
});

describe('the flags of a smaller case', () => {
  it('name the actions that are left out as ranges, which are read back', () => {
    const without = new Set([7, 1, 2, 3, 9]);
    assert.equal(rangesOf(without), '1-3,7,9');
    assert.deepEqual(numbersIn('1-3,7,9'), new Set([1, 2, 3, 7, 9]));
    assert.equal(
      flagsOf({ nodes: 3, faults: [], without }),
      '--nodes 3 --faults none --without 1-3,7,9',
    );
  });
});

describe('the file of a run that goes on', () => {
  const passed = (seed: string, reached: string[] = []) => ({
    ...{ seed, reached, traceHash: `hash of ${seed}`, simulatedMs: 10, cpuMs: 1 },
  });

  it('keeps the seeds that passed and their marks, and half a line of a killed run is left out', (t) => {
    const folder = mkdtempSync(join(tmpdir(), 'swarm-'));
    cleanUp(t, () => rmSync(folder, { recursive: true }));
    const file = join(folder, 'done');
    const first = new Done(file);
    first.add(passed('1', ['a mark']));
    first.add(passed('2'));
    appendFileSync(file, '{"seed":"3","reac');
    const second = new Done(file);
    assert.deepEqual(second.all, [passed('1', ['a mark']), passed('2')]);
    assert.deepEqual([second.has('2'), second.has('3')], [true, false]);
    assert.deepEqual(second.reached, new Set(['a mark']));
    second.add(passed('3'));
    assert.deepEqual(new Done(file).all, [...second.all]);
  });
});
