import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { describe, it } from 'node:test';
import { negentropyDialect } from '../../../../../src/protocol/reconcile/dialects/negentropy/index.ts';
import {
  bytesToHex,
  composite,
  lthash,
  MemoryTree,
  subRange,
  sum256,
} from '../../../../../src/store/index.ts';
import { converse, sorted } from '../../../../conformance/dialect.ts';
import { everyStorage, flat } from './storages.ts';
import { idOf, SETS, scenarios } from './vectors.ts';

describe('negentropy vectors', () => {
  assert.deepEqual(
    Object.keys(SETS),
    scenarios.map(({ name }) => name),
  );
  for (const storage of everyStorage()) {
    for (const scenario of scenarios) {
      it(`${scenario.name} over a ${storage.name}`, async () => {
        const [a, b] = SETS[scenario.name]!();
        assert.deepEqual([a.length, b.length], [scenario.count_a, scenario.count_b]);
        const snapshots = await Promise.all([storage.snapshot(a), storage.snapshot(b)]);
        for (const overflow of ['correct', 'reference'] as const) {
          const dialect = negentropyDialect(overflow);
          const { frames, have, missing } = converse(
            dialect.session({ role: 'initiator', snapshot: snapshots[0] }),
            dialect.session({ role: 'responder', snapshot: snapshots[1] }),
          );
          assert.deepEqual(
            frames.map(({ from, frame }) => ({
              from: from === 'initiator' ? 'A' : 'B',
              hex: bytesToHex(frame),
            })),
            scenario.messages,
          );
          assert.deepEqual(
            [sorted(have), sorted(missing.initiator)],
            [scenario.have, scenario.need],
          );
        }
      });
    }
  }

  it('are met over sub-ranges of larger sets (spread_20_in_3000)', () => {
    const scenario = scenarios.find(({ name }) => name === 'spread_20_in_3000')!;
    const around = (tag: string) => [
      { hint: 1_599_999_999n, id: idOf(tag, 1) },
      { hint: 1_600_030_000n, id: new Uint8Array(32) },
      { hint: 2n ** 64n - 2n, id: idOf(tag, 2) },
    ];
    const [a, b] = SETS[scenario.name]!();
    const lower = { hint: 1_600_000_000n, id: null };
    const upper = { hint: 1_600_030_000n, id: new Uint8Array(32) };
    const { frames } = converse(
      negentropyDialect('correct').session({
        role: 'initiator',
        snapshot: subRange(flat([...a, ...around('a')]), lower, upper),
      }),
      negentropyDialect('correct').session({
        role: 'responder',
        snapshot: subRange(flat([...around('b'), ...b]), lower, upper),
      }),
    );
    assert.deepEqual(
      frames.map(({ frame }) => bytesToHex(frame)),
      scenario.messages.map(({ hex }) => hex),
    );
  });

  it('are shown in docs/negentropy.md, a session frame by frame', async () => {
    const page = await readFile(
      new URL('../../../../../docs/negentropy.md', import.meta.url),
      'utf8',
    );
    const shown = [...page.matchAll(/^ {4}([AB]) -> [AB]\n((?: {8}.*\n)+)/gm)].map(([, , lines]) =>
      lines!.replace(/;.*$/gm, '').replace(/\s/g, ''),
    );
    const { frames } = converse(
      negentropyDialect('correct').session({ role: 'initiator', snapshot: flat([]) }),
      negentropyDialect('correct').session({
        role: 'responder',
        snapshot: flat([{ hint: 12_345n, id: new Uint8Array(32).fill(0xee) }]),
      }),
    );
    assert.deepEqual(
      shown,
      frames.map(({ frame }) => bytesToHex(frame)),
    );
  });

  it('are met by the part of a set that keeps LtHash too', () => {
    const tree = new MemoryTree({ scheme: composite([lthash, sum256]) });
    const scenario = scenarios.find(({ name }) => name === 'equal_1000')!;
    tree.insert(SETS[scenario.name]!()[0]);
    const session = negentropyDialect('correct').session({
      role: 'initiator',
      snapshot: tree.snapshot().under(sum256),
    });
    assert.deepEqual(session.start().frames.map(bytesToHex), [scenario.messages[0]!.hex]);
  });
});
