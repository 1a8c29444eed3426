import type { KeyRun } from '../../tree/index.ts';
import type { RunIdLookup } from './id-lookup.ts';
import type { PrefixSums } from './sums.ts';

/** What a sealed vector consists of; never changes. */
export interface FlatSet {
  readonly run: KeyRun;
  readonly sums: PrefixSums;
  readonly lookup: RunIdLookup;
}
