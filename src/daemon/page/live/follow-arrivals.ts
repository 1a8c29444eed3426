import { ClientError } from '../../client/index.ts';
import type { Change, ChangesHeader } from '../../schemas/index.ts';
import { KEPT_ARRIVALS } from '../state/index.ts';
import { pause } from './pause.ts';
import type { LoopParts } from './types.ts';

/** Least time between two reads: at any rate of arrival the page reads so seldom. */
const BETWEEN_MS = 250;
const WAIT_SECONDS = 30;

interface ArrivalPlace {
  readonly since: number;
  readonly epoch: string | undefined;
  /** The place before it was moved ahead. */
  readonly read: number;
}

/**
 * Reads the order of arrival at the pace of people: the latest items each time, and past all others. Ten
 * items a second cost the page as much as ten thousand. Rejects with `FEED_RESET` where the order was written
 * again: all places before count no more, and the caller begins anew.
 */
export async function followArrivals(parts: LoopParts): Promise<void> {
  const { clock, signal } = parts;
  let place = await lastPlace(parts);
  while (!signal.aborted) {
    place = await readFrom(place, parts);
    await pause(clock, BETWEEN_MS, signal);
  }
}

/** The place before the latest items. */
async function lastPlace({ client, signal }: LoopParts): Promise<ArrivalPlace> {
  for await (const line of client.listChanges({ since: 0, limit: 1, signal })) {
    if (!('newest' in line)) continue;
    const since = Math.max(0, line.newest - KEPT_ARRIVALS);
    return { since, epoch: line.epoch, read: since };
  }
  throw new ClientError(200, 'ANSWER_CUT', 'the answer ended before its first line');
}

async function readFrom(
  { since, epoch, read }: ArrivalPlace,
  { client, dispatch, signal }: LoopParts,
): Promise<ArrivalPlace> {
  const entries: Change[] = [];
  let header: ChangesHeader | null = null;
  const query = { since, epoch, limit: KEPT_ARRIVALS, waitSeconds: WAIT_SECONDS, signal };
  for await (const line of client.listChanges(query)) {
    if ('error' in line) throw new ClientError(200, line.error.code, line.error.message);
    if ('newest' in line) header = line;
    else if ('seq' in line) entries.push(line);
  }
  if (header === null) throw new ClientError(200, 'ANSWER_CUT', 'the answer has no first line');
  const { newest } = header;
  const last = entries.at(-1)?.seq ?? since;
  dispatch({ type: 'arrivals', epoch: header.epoch, newest, entries, skipped: since - read });
  return { since: Math.max(last, newest - KEPT_ARRIVALS), epoch: header.epoch, read: last };
}
