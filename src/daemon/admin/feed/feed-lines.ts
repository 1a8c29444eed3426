import type { ArrivalsPage } from '../../../store/index.ts';
import type { ArrivalFeed, RefusalReason } from '../../node-api.ts';
import { type EntryFrame, entryTexts, type PayloadSource } from './entry-text.ts';
import { readPage } from './read-page.ts';

export interface FeedLinesInit {
  feed: ArrivalFeed;
  /** The entries behind this place. */
  since: number;
  /** The first page behind it. */
  first: ArrivalsPage;
  /** Most entries. */
  limit: number;
  /** Null: without payloads. */
  source: PayloadSource | null;
  /** Aborted when the endpoint closes: the answer then ends with its reason. */
  signal: AbortSignal;
  refusalOf: (error: unknown) => RefusalReason;
}

const LINE: EntryFrame = { before: () => '', after: '\n' };

/**
 * The lines of an answer: a header, the entries up to the last place of the first page, and a trailer that says
 * where to go on, or an error.
 */
export async function* feedLines(init: FeedLinesInit): AsyncGenerator<string> {
  const { feed, since, first, source, signal } = init;
  const { epoch, last } = first;
  yield line({ epoch, since, newest: last });
  let [place, left, page] = [since, init.limit, first];
  try {
    for (;;) {
      // A page that was read later may have items that came after the first page.
      const entries = page.entries.filter(({ seq }) => seq <= last).slice(0, left);
      yield* entryTexts(entries, LINE, source);
      place = entries.at(-1)?.seq ?? place;
      left -= entries.length;
      if (place >= last || left <= 0 || entries.length === 0) break;
      signal.throwIfAborted();
      page = await readPage(feed, { since: place, epoch, limit: left });
    }
    yield line({ last: place, epoch });
  } catch (error) {
    yield line({ error: init.refusalOf(error) });
  }
}

function line(value: object): string {
  return `${JSON.stringify(value)}\n`;
}
