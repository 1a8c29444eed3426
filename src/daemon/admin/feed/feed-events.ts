import { type Clock, FeedResetError } from '../../../store/index.ts';
import type { ArrivalFeed, RefusalReason } from '../../node-api.ts';
import { ArrivalSignal } from './arrival-signal.ts';
import { type EntryFrame, entryTexts, type PayloadSource } from './entry-text.ts';
import { readPage } from './read-page.ts';

export interface FeedEventsInit {
  feed: ArrivalFeed;
  clock: Clock;
  /** The events behind this place. */
  since: number;
  /** Of `since`. */
  epoch: string;
  /** Null: without payloads. */
  source: PayloadSource | null;
  /** Aborted when the client is gone, or the endpoint closes. */
  signal: AbortSignal;
  refusalOf: (error: unknown) => RefusalReason;
}

/** Time between two signs of life, so that both sides notice that the other one is gone. */
const IDLE_MS = 15_000;

/**
 * Server-sent events: an item each, with `EPOCH-SEQ` as its id; `reset` where another epoch has begun, which then
 * follows from its beginning; `failed` as the last event where the store cannot be read.
 */
export async function* feedEvents(init: FeedEventsInit): AsyncGenerator<string> {
  const arrivals = new ArrivalSignal(init);
  try {
    yield* follow(init, arrivals);
  } catch (error) {
    if (!init.signal.aborted) yield event('failed', init.refusalOf(error));
  } finally {
    arrivals.close();
  }
}

async function* follow(init: FeedEventsInit, arrivals: ArrivalSignal): AsyncGenerator<string> {
  const { feed, source, signal } = init;
  let { since, epoch } = init;
  // The head of the answer goes out with the first bytes, and the client has an id to resume from.
  yield event('begin', { epoch, since }, `${epoch}-${since}`);
  while (!signal.aborted) {
    arrivals.clear();
    const page = await readPage(feed, { since, epoch }).catch(asReset);
    if (page instanceof FeedResetError) {
      [since, epoch] = [0, page.epoch];
      yield event('reset', { epoch, last: page.last }, `${epoch}-0`);
    } else if (page.entries.length > 0) {
      yield* entryTexts(page.entries, framesOf(epoch), source);
      since = page.entries.at(-1)!.seq;
    } else if (!(await arrivals.wait(IDLE_MS)) && !signal.aborted) {
      yield ': idle\n\n';
    }
  }
}

function asReset(error: unknown): FeedResetError {
  if (error instanceof FeedResetError) return error;
  throw error;
}

function framesOf(epoch: string): EntryFrame {
  return { before: (seq) => `id: ${epoch}-${seq}\nevent: item\ndata: `, after: '\n\n' };
}

function event(type: string, data: object, id?: string): string {
  const named = id === undefined ? '' : `id: ${id}\n`;
  return `${named}event: ${type}\ndata: ${JSON.stringify(data)}\n\n`;
}
