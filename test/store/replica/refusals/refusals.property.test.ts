import { describe, it } from 'node:test';
import fc from 'fast-check';
import { itemId, type NewItem } from '../../../../src/store/index.ts';
import { assertProperty } from '../../../support/property.ts';
import { MemorySet } from '../in-memory.ts';
import { assertSound } from '../on-disk.ts';
import { item } from '../support.ts';

const numbers = fc.uniqueArray(fc.nat({ max: 39 }), { minLength: 1, maxLength: 12 });

const step = fc.oneof(
  fc.record({ kind: fc.constant('put' as const), numbers }),
  fc.record({ kind: fc.constant('refuse' as const), numbers }),
  fc.record({ kind: fc.constant('let in' as const), numbers }),
  fc.record({ kind: fc.constant('reopen' as const), numbers: fc.constant([] as number[]) }),
);

describe('refusing and letting in', () => {
  it('in any order leaves a sound set of the other items', async (t) => {
    const property = fc.asyncProperty(fc.array(step, { maxLength: 12 }), async (steps) => {
      const set = await MemorySet.of(0);
      const held = new Set<number>();
      const out = new Set<number>();
      let replica = await set.open(t);
      for (const { kind, numbers: given } of steps) {
        const some = given.map((number) => item(number));
        const ids = some.map(idOf);
        if (kind === 'put') {
          const taken = given.filter((number) => !out.has(number));
          await replica.put(taken.map((number) => item(number)));
          for (const number of taken) held.add(number);
        } else if (kind === 'refuse') {
          await replica.refusals.add(
            ids.map((id) => ({ id })),
            'spam',
          );
          for (const number of given) {
            held.delete(number);
            out.add(number);
          }
        } else if (kind === 'let in') {
          await replica.refusals.remove(ids);
          for (const number of given) out.delete(number);
        } else {
          await replica.close();
          replica = await set.open(t);
        }
      }
      const left = [...held].map((number) => item(number));
      await assertSound(replica, left);
      await replica.close();
    });
    await assertProperty(property, { numRuns: 40 });
  });
});

function idOf({ hint, payload }: NewItem): Uint8Array {
  return itemId(hint, payload);
}
