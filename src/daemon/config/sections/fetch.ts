import { DEFAULT_FETCH_OPTIONS, type FetchOptions } from '../../../protocol/options.ts';
import { DEFAULT_REPLICATOR_OPTIONS, type ReplicatorOptions } from '../../replicator/options.ts';
import { integer, MAX_MS, type Section, section, size } from '../leaves.ts';

export type FetchConfig = Pick<
  ReplicatorOptions,
  'batchItems' | 'requestsPerPeer' | 'windowBytes' | 'expireAfterMs'
> &
  Pick<FetchOptions, 'stallTimeoutMs' | 'answerBytes'>;

export const fetch: Section<FetchConfig> = section({
  batchItems: integer([1, 65_536], DEFAULT_REPLICATOR_OPTIONS.batchItems).describe(
    'Most items asked for in a request',
  ),
  requestsPerPeer: integer([1, 64], DEFAULT_REPLICATOR_OPTIONS.requestsPerPeer).describe(
    'Requests under way to one peer at the same time; it answers four at a time',
  ),
  windowBytes: size(['64KiB', '1GiB'], DEFAULT_REPLICATOR_OPTIONS.windowBytes).describe(
    'Fetched bytes, over all requests, that may wait for their commit',
  ),
  answerBytes: size(['1MiB', '16GiB'], DEFAULT_FETCH_OPTIONS.answerBytes).describe(
    'Bytes of answers to all peers together that are held in memory',
  ),
  stallTimeoutMs: integer([100, MAX_MS], DEFAULT_FETCH_OPTIONS.stallTimeoutMs).describe(
    'Milliseconds of waiting for 16 KiB or an answer after which another source is asked',
  ),
  expireAfterMs: integer(
    [60_000, Number.MAX_SAFE_INTEGER],
    DEFAULT_REPLICATOR_OPTIONS.expireAfterMs,
  ).describe(
    'Milliseconds after which an item that does not come is not wanted any more; four times as long if confirmed',
  ),
});
