import { setTimeout as pause } from 'node:timers/promises';
import { type AdminClient, type Change, ClientError, type ItemLine } from 'rangemesh/client';
import type { ItemTable, Page, Place } from './table.ts';

/** How `follow` reads. */
export interface FollowInit {
  /** Ends the work; the table is then at the end of a page. */
  readonly signal: AbortSignal;
  /** End once the table has what the node had at the last call. */
  readonly once: boolean;
  /** Told when the first page is in the table. */
  readonly connected: () => void;
  /** Told before each pause after a failure. */
  readonly retrying: (error: Error) => void;
}

/** Entries of one transaction. Raising it makes fewer, larger transactions. */
const PAGE_ENTRIES = 500;
const WAIT_SECONDS = 30;
const GAPS_AT_A_TIME = 100;
const MAX_PAUSE_MS = 10_000;

/** Keeps the table equal to the items of the node. The first call must succeed. */
export async function follow(
  daemon: AdminClient,
  table: ItemTable,
  { signal, once, connected, retrying }: FollowInit,
): Promise<void> {
  let [answered, pauseMs] = [false, 100];
  while (!signal.aborted) {
    try {
      const page = await nextPage(daemon, table.place, {
        waitSeconds: once ? 0 : WAIT_SECONDS,
        signal,
      });
      table.apply(page);
      await fillGaps(daemon, table, signal);
      if (!answered) connected();
      [answered, pauseMs] = [true, 100];
      if (once && page.last >= page.newest) return;
    } catch (error) {
      if (signal.aborted) return;
      if (!answered || isRefusal(error)) throw error;
      retrying(error as Error);
      await pause(pauseMs, undefined, { signal }).catch(() => undefined);
      pauseMs = Math.min(2 * pauseMs, MAX_PAUSE_MS);
    }
  }
}

/** The page behind the place. Where the node has a new epoch: the first page of this epoch. */
async function nextPage(daemon: AdminClient, place: Place, call: PageCall): Promise<Page> {
  try {
    return await readPage(daemon, place, call);
  } catch (error) {
    if (!(error instanceof ClientError) || error.code !== 'FEED_RESET') throw error;
    return await readPage(daemon, { since: 0, epoch: undefined }, call);
  }
}

interface PageCall {
  readonly waitSeconds: number;
  readonly signal: AbortSignal;
}

async function readPage(daemon: AdminClient, place: Place, call: PageCall): Promise<Page> {
  const entries: Change[] = [];
  let newest: number | undefined;
  const lines = daemon.listChanges({ ...place, ...call, limit: PAGE_ENTRIES, payloads: true });
  for await (const line of lines) {
    if ('error' in line) throw new ClientError(200, line.error.code, line.error.message);
    if ('newest' in line) newest = line.newest;
    else if (!('last' in line)) entries.push(line);
    else if (newest !== undefined) return { epoch: line.epoch, entries, last: line.last, newest };
  }
  throw new ClientError(200, 'ANSWER_CUT', 'the answer ended before its last line');
}

/** Fetches payloads that were damaged at the node when the feed named them, once it has them back. */
async function fillGaps(daemon: AdminClient, table: ItemTable, signal: AbortSignal): Promise<void> {
  const ids = table.withoutPayload(GAPS_AT_A_TIME);
  if (ids.length === 0) return;
  for await (const line of daemon.getItems(ids, { signal })) {
    if (isItem(line)) table.fill(line.id, line.payload);
  }
}

function isItem(line: ItemLine): line is Extract<ItemLine, { readonly payload: string }> {
  return 'payload' in line;
}

/** The same call would be refused again. */
function isRefusal(error: unknown): boolean {
  return error instanceof ClientError && error.status >= 400 && error.status < 500;
}
