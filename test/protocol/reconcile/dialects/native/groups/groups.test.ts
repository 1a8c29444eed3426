import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { converse, lacking, sorted } from '../../../../../conformance/dialect.ts';
import { keysOf } from '../../../../../conformance/pairs.ts';
import { type OpenInit, open } from '../support.ts';

const all = keysOf(4, 4_000);
const a = all.filter((_, i) => i % 20 !== 1);
const b = all.filter((_, i) => i % 25 !== 2);

describe('the groups of a native session', () => {
  const cases: [string, OpenInit['limits'] & object][] = [
    ['one group at a time', { maxGroups: 1, maxRangeItems: 200 }],
    ['two groups at a time', { maxGroups: 2, maxRangeItems: 200 }],
    ['800 items held at a time', { maxHeldItems: 800, maxRangeItems: 100 }],
    ['400 items held at a time', { maxHeldItems: 400, maxRangeItems: 100 }],
  ];
  for (const [name, limits] of cases) {
    for (const limited of ['initiator', 'responder', 'both'] as const) {
      it(`give back what they hold, so that ${name} do for all (${limited})`, () => {
        const of = (role: string) =>
          limited === role || limited === 'both' ? limits : { maxRangeItems: 200 };
        const initiator = open('initiator', { keys: a, limits: of('initiator') });
        const responder = open('responder', { keys: b, limits: of('responder') });
        const { missing } = converse(initiator, responder, 5_000);
        assert.deepEqual(sorted(missing.initiator), lacking(a, b));
        assert.deepEqual(sorted(missing.responder), lacking(b, a));
        assert.ok(initiator.finding!.proved && responder.finding!.proved);
      });
    }
  }
});
