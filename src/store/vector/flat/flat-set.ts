import type { Run } from '../../tree/index.ts';
import type { IdLookup } from './id-lookup.ts';
import type { PrefixSums } from './sums.ts';

/** What a sealed vector consists of; never changes. */
export interface FlatSet {
  readonly run: Run;
  readonly sums: PrefixSums;
  readonly lookup: IdLookup;
}
