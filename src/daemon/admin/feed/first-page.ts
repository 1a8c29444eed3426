import { type ArrivalsPage, type Clock, FeedResetError } from '../../../store/index.ts';
import type { ArrivalFeed } from '../../node-api.ts';
import { AdminError } from '../errors.ts';
import { ArrivalSignal } from './arrival-signal.ts';
import { type PageInit, readPage } from './read-page.ts';

export interface FirstPageInit extends PageInit {
  feed: ArrivalFeed;
  clock: Clock;
  /** Ends waiting. */
  signal: AbortSignal;
  /** Milliseconds to wait for an item if none has come since the place. */
  waitMs: number;
}

/**
 * The first entries behind a place. Rejects with `SINCE_ABOVE_LAST` for a place that was never given, and with
 * a `FeedResetError` for a place of another epoch.
 */
export async function firstPage(init: FirstPageInit): Promise<ArrivalsPage> {
  const read = (epoch: string | undefined) =>
    readPage(init.feed, { ...init, epoch }).catch((error) => refuse(error, init.since, epoch));
  if (init.waitMs === 0) return read(init.epoch);
  const arrivals = new ArrivalSignal(init);
  try {
    const page = await read(init.epoch);
    if (page.entries.length > 0) return page;
    const arrived = await arrivals.wait(init.waitMs);
    return arrived ? await read(page.epoch) : page;
  } finally {
    arrivals.close();
  }
}

function refuse(error: unknown, since: number, epoch: string | undefined): never {
  if (!(error instanceof FeedResetError)) throw error;
  if (epoch !== undefined && epoch !== error.epoch) throw error;
  const message =
    `since=${since} is above ${error.last}, the last place of epoch ${error.epoch}: give the seq of the last ` +
    'entry that was read, or since=0 to begin again';
  throw new AdminError('SINCE_ABOVE_LAST', message);
}
