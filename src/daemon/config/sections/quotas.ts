import { DEFAULT_QUOTA_OPTIONS as DEFAULT, type QuotaOptions } from '../../guard/options.ts';
import { integer, reloadable, type Section, section, size } from '../leaves.ts';

export type QuotasConfig = QuotaOptions;

const items = (fallback: number) => reloadable(integer([0, Number.MAX_SAFE_INTEGER], fallback));
const bytes = (fallback: number) => reloadable(size(['0B', '4096TiB'], fallback));

export const quotas: Section<QuotasConfig> = section({
  peerItems: items(DEFAULT.peerItems).describe(
    'Most items held here that one peer brought; 0: no limit',
  ),
  peerBytes: bytes(DEFAULT.peerBytes).describe(
    'Most bytes on disk by items that one peer brought: payloads and 228 for each; 0: no limit',
  ),
  publisherItems: items(DEFAULT.publisherItems).describe(
    'Most items held here that one node published, of those that were pushed; 0: no limit',
  ),
  publisherBytes: bytes(DEFAULT.publisherBytes).describe(
    'Most bytes on disk by items that one node published, likewise; 0: no limit',
  ),
});
