import type { ArrivalsPage } from '../../../store/index.ts';
import type { ArrivalFeed } from '../../node-api.ts';

/** Most entries in one page, about 110 KB of text. */
const PAGE_ENTRIES = 512;

/** The part of the order of arrival that a page is taken from. */
export interface PageInit {
  /** The entries behind this place. */
  since: number;
  /** Of `since`. @default the running epoch */
  epoch?: string | undefined;
  /** @default no bound but that of a page */
  limit?: number | undefined;
}

/** As many entries as a reader holds at a time. */
export function readPage(
  feed: Pick<ArrivalFeed, 'arrivals'>,
  { since, epoch, limit = PAGE_ENTRIES }: PageInit,
): Promise<ArrivalsPage> {
  return feed.arrivals(since, {
    limit: Math.min(limit, PAGE_ENTRIES),
    ...(epoch !== undefined && { epoch }),
  });
}
