import type { FingerprintScheme } from '../../src/store/index.ts';

/** A scheme that tells how many ids it has summed, and how many states it has combined. */
export function countingScheme(base: FingerprintScheme): {
  scheme: FingerprintScheme;
  ids: () => number;
  combined: () => number;
} {
  let ids = 0;
  let combined = 0;
  const scheme: FingerprintScheme = {
    ...base,
    add(state, more) {
      ids += more.length / 32;
      base.add(state, more);
    },
    subtract(state, more) {
      ids += more.length / 32;
      base.subtract(state, more);
    },
    combine(state, other) {
      combined++;
      base.combine(state, other);
    },
    difference(state, other) {
      combined++;
      base.difference(state, other);
    },
  };
  return { scheme, ids: () => ids, combined: () => combined };
}
