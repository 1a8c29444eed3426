import { type AnnounceOptions, DEFAULT_ANNOUNCE_OPTIONS } from '../../../protocol/options.ts';
import { flag, integer, type Section, section, size } from '../leaves.ts';

export type PushConfig = { enabled: boolean } & Pick<
  AnnounceOptions,
  'batchMs' | 'inlineBytes' | 'maxBytesPerSecond' | 'overloadMs'
>;

export const push: Section<PushConfig> = section({
  enabled: flag(true).describe('Tell peers of new items at once, and hear of theirs'),
  batchMs: integer([0, 10_000], DEFAULT_ANNOUNCE_OPTIONS.batchMs).describe(
    'Milliseconds between two batches',
  ),
  inlineBytes: size(['0B', '32KiB'], DEFAULT_ANNOUNCE_OPTIONS.inlineBytes).describe(
    'Longest payload that is pushed; of longer payloads only the key is pushed',
  ),
  maxBytesPerSecond: size(['64KiB', '1GiB'], DEFAULT_ANNOUNCE_OPTIONS.maxBytesPerSecond).describe(
    'Most bytes pushed in a second; sessions bring the rest',
  ),
  overloadMs: integer([10, 60_000], DEFAULT_ANNOUNCE_OPTIONS.overloadMs).describe(
    'Mean delay of the event loop, in milliseconds, above which push is left to sessions',
  ),
});
