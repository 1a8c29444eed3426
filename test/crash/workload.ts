import { type Replica, StoreError } from '../../src/store/index.ts';
import { SeededRandom } from '../support/random.ts';
import { itemOf } from './items.ts';

export interface WorkloadInit {
  replica: Replica;
  seed: number;
  /** The first number not offered before. */
  first: number;
  /** Most new items. */
  count: number;
  acknowledged: (numbers: readonly number[]) => void;
}

const CALLERS = 6;
const MAX_CALL = 40;

/**
 * Several callers at once put new items, a few or many in a call, every now and then with some that
 * were put before or that another caller is putting just now. Resolves when all is put, or the replica
 * was closed.
 */
export async function ingest({
  replica,
  seed,
  first,
  count,
  acknowledged,
}: WorkloadInit): Promise<void> {
  let next = first;
  const random = new SeededRandom(seed);
  const below = (limit: number): number => Math.floor(random.fraction() * limit);
  const caller = async (): Promise<void> => {
    while (next < first + count) {
      const size = Math.min(1 + below(below(4) === 0 ? MAX_CALL : 4), first + count - next);
      const numbers = Array.from({ length: size }, (_, i) => next + i);
      next += size;
      if (below(3) === 0) numbers.push(below(next), next - 1 - below(Math.min(next, 8)));
      await replica.put(numbers.map(itemOf));
      acknowledged(numbers);
    }
  };
  const callers = Array.from({ length: CALLERS }, caller);
  await Promise.all(callers).catch((error) => {
    if (!(error instanceof StoreError && error.code === 'STORE_CLOSED')) throw error;
  });
}
