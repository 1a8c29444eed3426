import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { compareKeys, type ItemKey } from '../../../../src/store/index.ts';
import { Replay } from '../../../../src/store/replica/durable-set/testing.ts';
import {
  decodeLogEntry,
  encodeLogEntry,
  type LogEntry,
} from '../../../../src/store/replica/records/index.ts';
import { keyAt } from '../../../../src/store/tree/index.ts';
import { assertProperty } from '../../../support/property.ts';

const TOP = 2n ** 63n;

/** A key with one of few hints, some of which are the same as doubles, and one of few ids. */
function key(hint: number, id: number): ItemKey {
  const bytes = new Uint8Array(32);
  bytes[31] = id;
  return { hint: hint < 4 ? BigInt(hint) : TOP + BigInt(hint), id: bytes };
}

function text({ hint, id }: ItemKey): string {
  return `${hint}/${id[31]}`;
}

/** What a log leaves in the buffer, from the definition: each entry takes first, then adds. */
function expected(log: readonly LogEntry[]): string[] {
  let held: ItemKey[] = [];
  for (const { taken, added } of log) {
    if (taken !== null) {
      const within = (one: ItemKey): boolean =>
        compareKeys(one, taken.first) >= 0 && compareKeys(one, taken.last) <= 0;
      held = held.filter((one) => !within(one));
    }
    held.push(...added);
  }
  return held.sort(compareKeys).map(text);
}

function replayed(log: readonly LogEntry[]): string[] {
  const replay = new Replay();
  for (const [i, entry] of log.entries()) replay.add(i + 1, decodeLogEntry(encodeLogEntry(entry)));
  const run = replay.result();
  return Array.from({ length: run.length }, (_, i) => {
    const { hint, id } = keyAt(run, i);
    return `${hint}/${id[31]}`;
  });
}

function check(log: readonly LogEntry[]): void {
  assert.deepEqual(replayed(log), expected(log));
}

function taking(first: ItemKey, last: ItemKey): LogEntry {
  return { taken: { first, last }, added: [] };
}

function adding(...keys: ItemKey[]): LogEntry {
  return { taken: null, added: keys.sort(compareKeys) };
}

describe('replay of a log', () => {
  it('returns the added keys in order when no merge took any', () => {
    check([]);
    check([adding(key(2, 1)), adding(key(1, 2), key(1, 1)), adding(key(5, 0), key(4, 9))]);
  });

  it('removes a merged range with both its ends, and nothing beside it', () => {
    for (const hint of [1, 5]) {
      const keys = Array.from({ length: 7 }, (_, i) => key(hint, i));
      check([adding(...keys), taking(keys[2]!, keys[4]!)]);
      check([adding(...keys), taking(keys[3]!, keys[3]!)]);
      check([adding(...keys), taking(keys[0]!, keys[6]!)]);
    }
    check([
      adding(...[0, 1, 2, 3, 4, 5].map((hint) => key(hint, 5))),
      taking(key(1, 6), key(4, 4)),
    ]);
  });

  it('keeps keys that were added later, or by the same commit', () => {
    check([taking(key(0, 0), key(9, 9)), adding(key(1, 1))]);
    check([{ taken: { first: key(0, 0), last: key(9, 9) }, added: [key(1, 1)] }]);
    check([adding(key(1, 1)), taking(key(1, 1), key(1, 1)), adding(key(1, 1))]);
  });

  it('follows merges that went around the key space more than once', () => {
    const keys = [1, 2, 3, 5, 6].map((hint) => key(hint, 1));
    const [a, b, c, d, e] = keys as [ItemKey, ItemKey, ItemKey, ItemKey, ItemKey];
    check([
      adding(a, c),
      taking(a, b),
      adding(b),
      taking(c, c),
      adding(a, d),
      taking(a, b),
      taking(d, e),
    ]);
    check([
      adding(a, b, c),
      taking(a, a),
      taking(a, b),
      adding(a),
      taking(b, c),
      adding(b, c, d, e),
    ]);
  });

  it('agrees with the definition for any log', () => {
    const keys = fc.record({ hint: fc.nat({ max: 7 }), id: fc.nat({ max: 3 }) });
    const entry = fc.record({
      taken: fc.option(fc.tuple(keys, keys)),
      added: fc.array(keys, { maxLength: 5 }),
    });
    const logs = fc.array(entry, { maxLength: 12 }).map((drawn) => {
      const held = new Set<string>();
      return drawn.map(({ taken, added }): LogEntry => {
        const ends = taken?.map(({ hint, id }) => key(hint, id)).sort(compareKeys);
        const range = ends === undefined ? null : { first: ends[0]!, last: ends[1]! };
        const fresh = added
          .map(({ hint, id }) => key(hint, id))
          .filter((one) => {
            const known = held.has(text(one));
            held.add(text(one));
            return !known;
          });
        return { taken: range, added: fresh.sort(compareKeys) };
      });
    });
    assertProperty(fc.property(logs, check), { numRuns: 300 });
  });
});
