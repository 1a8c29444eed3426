import { storageConformance } from '../../conformance/storage.ts';
import { belowOutside, CheckedMemoryTree, nameOf, SHAPES } from './support.ts';

for (const shape of SHAPES) {
  storageConformance(
    `tree in memory, ${nameOf(shape)}`,
    (init) => new CheckedMemoryTree({ ...init, ...shape }),
    { runs: 60 },
  );
}

storageConformance(
  'sub-range of a tree in memory',
  (init) => belowOutside(new CheckedMemoryTree({ ...init, leafItems: 3, fanout: 3 })),
  { runs: 30 },
);
