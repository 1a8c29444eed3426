import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { bytesToHex } from '../../../../src/store/index.ts';
import { IdMap } from '../../../../src/store/replica/write/testing.ts';
import { assertProperty } from '../../../support/property.ts';

describe('IdMap', () => {
  it('tells ids apart that begin alike, in any byte', () => {
    const map = new IdMap<number>();
    const ids = Array.from({ length: 32 }, (_, i) => new Uint8Array(32).fill(1, i, i + 1));
    for (const [i, id] of ids.entries()) map.add(id, i);
    for (const [i, id] of ids.entries()) assert.equal(map.get(id), i);
    assert.equal(map.get(new Uint8Array(32)), undefined);
  });

  it('finds an id among thousands that were made to begin alike in few steps', () => {
    const map = new IdMap<number>();
    const made = (i: number): Uint8Array => {
      const id = new Uint8Array(32).fill(7);
      id.set([i & 0xff, i >> 8], 4);
      return id;
    };
    for (let i = 0; i < 4_096; i++) map.add(made(i), i);
    let reads = 0;
    const counting = new Proxy(made(5), {
      get(id, name) {
        reads++;
        return Reflect.get(id, name, id);
      },
    });
    assert.equal(map.get(counting), 5);
    assert.ok(reads < 1_000, `${reads} bytes were read`);
  });

  it('agrees with a map of strings, whatever is added and deleted', () => {
    // Few of them, half of which share the number they are found by.
    const ids = Array.from({ length: 8 }, (_, i) => {
      const id = new Uint8Array(32);
      id[i % 2 === 0 ? 31 : 3] = i + 1;
      return id;
    });
    const step = fc.record({ at: fc.nat({ max: ids.length - 1 }), add: fc.boolean() });
    assertProperty(
      fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
        const map = new IdMap<number>();
        const model = new Map<string, number>();
        for (const [turn, { at, add }] of steps.entries()) {
          const id = ids[at]!;
          const name = bytesToHex(id);
          if (add && !model.has(name)) {
            map.add(id, turn);
            model.set(name, turn);
          } else if (!add) {
            map.delete(id);
            model.delete(name);
          }
          assert.equal(map.size, model.size);
          for (const one of ids) assert.equal(map.get(one), model.get(bytesToHex(one)));
        }
      }),
      { numRuns: 100 },
    );
  });
});
