import { DEFAULT_RETENTION_OPTIONS, type RetentionOptions } from '../../retention/options.ts';
import { duration, hint, reloadable, type Section, section, size } from '../leaves.ts';

export type RetentionConfig = {
  -readonly [Key in keyof Omit<RetentionOptions, 'minHint'>]: RetentionOptions[Key];
} & {
  /** In decimal digits. */
  minHint: string;
};

const { maxAge, minHint, maxBytes, maxClockGap } = DEFAULT_RETENTION_OPTIONS;

export const retention: Section<RetentionConfig> = section({
  maxAge: reloadable(duration(['0', '36500d'], maxAge)).describe(
    'How long items are kept by their hints in milliseconds; 0: for ever',
  ),
  minHint: reloadable(hint(minHint)).describe('Items with lower hints are not kept'),
  maxBytes: reloadable(size(['0B', '4096TiB'], maxBytes)).describe(
    'Bytes on disk above which the items with the lowest hints go; 0: no bound',
  ),
  maxClockGap: reloadable(duration(['1m', '3650d'], maxClockGap)).describe(
    'Longest time between two runs after which the clock is believed',
  ),
});
