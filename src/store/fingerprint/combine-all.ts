import type { FingerprintScheme } from './scheme.ts';

/** Adds the sets of all `others` to `state`, the quickest way the scheme has. */
export function combineAll(
  scheme: FingerprintScheme,
  state: Uint8Array,
  others: readonly Uint8Array[],
): void {
  if (scheme.combineAll !== undefined) scheme.combineAll(state, others);
  else for (const other of others) scheme.combine(state, other);
}
