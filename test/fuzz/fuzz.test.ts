import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { bytesToHex } from '../../src/store/index.ts';
import { corpusOf } from './corpus.ts';
import { Fuzzer } from './fuzzer.ts';
import { type FuzzTarget, outcomeOf } from './target.ts';
import { TARGETS } from './targets/index.ts';

describe('each decoder', () => {
  it('takes what it is meant to read', async () => {
    for (const target of TARGETS) {
      for (const [at, seed] of target.seeds.entries()) {
        const { kind, way } = await outcomeOf(target, seed);
        assert.equal(kind, 'taken', `${target.name}, seed ${at}: ${way}`);
      }
    }
  });

  it('refuses kept inputs by errors of its own alone', async () => {
    for (const target of TARGETS) {
      for (const input of corpusOf(target.name)) {
        const { kind, way } = await outcomeOf(target, input);
        assert.notEqual(kind, 'fault', `${target.name}: ${way}: ${bytesToHex(input.slice(0, 99))}`);
      }
    }
  });
});

describe('the fuzzer', () => {
  const told: FuzzTarget = {
    name: 'told',
    seeds: [Uint8Array.of(1, 2, 3)],
    refuses: (error) => error instanceof RangeError,
    read(input) {
      if (input[0] !== 1) throw new RangeError('it begins with another byte');
      if (input[1] === 0xff) throw new TypeError('it trips');
    },
  };

  async function run(seed: number): Promise<Fuzzer> {
    const fuzzer = new Fuzzer(told, seed);
    await fuzzer.begin();
    for (let left = 500; left > 0; left--) await fuzzer.step();
    return fuzzer;
  }

  it('finds an input that its target trips over, once, and keeps a way that is new', async () => {
    const { faults, found, taken, frames } = await run(1);
    assert.deepEqual(
      faults.map(({ message }) => message.split(' | ')[0]),
      ['TypeError: it trips'],
    );
    assert.equal(faults[0]!.input[1], 0xff);
    assert.equal(found.length, 2, 'an input that is refused, and one that trips');
    assert.ok(taken > 100 && taken < frames);
  });

  it('reads the same inputs again from the same seed', async () => {
    const [one, again] = [await run(2), await run(2)];
    assert.deepEqual(one.found, again.found);
    assert.equal(one.taken, again.taken);
  });
});
