import { DEFAULT_LIMITS, type ReplicaLimits } from '../../../store/options.ts';
import { DEFAULT_REPLICATOR_OPTIONS, type ReplicatorOptions } from '../../replicator/options.ts';
import { integer, reloadable, type Section, section, size } from '../leaves.ts';

/**
 * Room for LevelDB to compact, and for the logs of the machine. The library leaves nothing free, since the
 * disk belongs to its program; this disk is the daemon's to guard.
 */
const MIN_FREE_BYTES = 256 * 2 ** 20;

/** Unlike in the store, a `maxSetBytes` or `maxItems` of 0 is no limit. */
export type LimitsConfig = Pick<
  ReplicaLimits,
  'maxItemBytes' | 'maxSetBytes' | 'maxItems' | 'minFreeBytes'
> &
  Pick<ReplicatorOptions, 'publisherBytesPerSecond' | 'peerBytesPerSecond' | 'peerBytesPerDay'>;

export const limits: Section<LimitsConfig> = section({
  maxItemBytes: size(['1B', '1GiB'], DEFAULT_LIMITS.maxItemBytes).describe(
    'Longest payload taken, from clients and from peers',
  ),
  // The defaults of these two are infinite in `DEFAULT_LIMITS`, which no file can say.
  maxSetBytes: reloadable(size(['0B', '4096TiB'], 0)).describe(
    'Most bytes that the items may take on disk: payloads and 228 for each; 0: no limit',
  ),
  maxItems: reloadable(integer([0, Number.MAX_SAFE_INTEGER], 0)).describe(
    'Most items held; 0: no limit',
  ),
  minFreeBytes: reloadable(size(['0B', '4096TiB'], MIN_FREE_BYTES)).describe(
    'Free bytes on the disk below which writing stops',
  ),
  publisherBytesPerSecond: reloadable(
    size(['1KiB', '1TiB'], DEFAULT_REPLICATOR_OPTIONS.publisherBytesPerSecond),
  ).describe(
    'Most bytes on disk by pushed items of one publisher in a second; sessions bring more',
  ),
  peerBytesPerSecond: reloadable(
    size(['1KiB', '1TiB'], DEFAULT_REPLICATOR_OPTIONS.peerBytesPerSecond),
  ).describe('Most bytes on disk by items that one peer brings in a second; more must wait'),
  peerBytesPerDay: reloadable(
    size(['0B', '4096TiB'], DEFAULT_REPLICATOR_OPTIONS.peerBytesPerDay),
  ).describe(
    'Most bytes on disk by items that one peer brings in a day; more must wait; 0: no limit',
  ),
});
