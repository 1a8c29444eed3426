import type { Change, ChangesHeader, ChangesLine, ChangesTrailer } from '../schemas/index.ts';
import { ClientError } from './errors.ts';
import type { CallInit } from './request.ts';

/** The part of the order of arrival that one call takes. */
export interface ListChangesInit extends CallInit {
  /** The entries behind this place. @default 0 */
  since?: number | undefined;
  /** Of `since`. A place of another epoch is refused with `FEED_RESET`. @default the running epoch */
  epoch?: string | undefined;
  /** Most entries. @default all that there are */
  limit?: number | undefined;
  /** @default false */
  payloads?: boolean | undefined;
  /** Seconds to wait for an entry if there is none, at most 60. @default 0 */
  waitSeconds?: number | undefined;
}

/** How `changes` reads on. */
export interface ChangesInit extends Omit<ListChangesInit, 'limit' | 'waitSeconds'> {
  /** Timers: `systemClock` of `rangemesh/store`, or a function over `setTimeout`. It returns the way to call off. */
  after: (delayMs: number, callback: () => void) => () => void;
  /** Go on with entries as they come, until the signal aborts. @default true */
  follow?: boolean | undefined;
  /** Called before each pause after a failure. @default none */
  retrying?: ((error: unknown, pauseMs: number) => void) | undefined;
}

/** An entry, and the epoch of its place: a consumer keeps both to go on later. */
export interface FeedEntry extends Change {
  readonly epoch: string;
}

/** The places so far count no more; all items follow, those that were given before too. */
export interface FeedReset {
  readonly reset: { readonly epoch: string };
}

/** Makes one call. */
export type ListChanges = (init: ListChangesInit) => AsyncIterable<ChangesLine>;

const FIRST_PAUSE_MS = 100;
const MAX_PAUSE_MS = 10_000;
/** Of a poll; shorter than the silence after which connections count as dead. */
const WAIT_SECONDS = 30;

/** See `AdminClient.changes`. */
export async function* readChanges(
  list: ListChanges,
  init: ChangesInit,
): AsyncGenerator<FeedEntry | FeedReset> {
  const { follow = true, signal, after, retrying } = init;
  const place: Place = { since: init.since ?? 0, epoch: init.epoch };
  let [answered, pauseMs] = [false, FIRST_PAUSE_MS];
  const gone = () => signal?.aborted === true;
  while (!gone()) {
    try {
      for await (const line of readOnce(list, init, place)) {
        answered = true;
        if (line === null) continue;
        pauseMs = FIRST_PAUSE_MS;
        yield line;
      }
      pauseMs = FIRST_PAUSE_MS;
      if (!follow) return;
    } catch (error) {
      if (gone()) return;
      if (isReset(error)) {
        Object.assign(place, { since: 0, epoch: undefined, isNew: true });
        answered = true;
        continue;
      }
      // A wrong address or argument is told at once.
      if (!answered || isRefusal(error)) throw error;
      retrying?.(error, pauseMs);
      await pause(after, pauseMs, signal);
      pauseMs = Math.min(2 * pauseMs, MAX_PAUSE_MS);
    }
  }
}

interface Place {
  since: number;
  epoch: string | undefined;
  /** The next epoch is one that the consumer has not heard of. */
  isNew?: boolean;
}

/** One call: its entries, with null for its header. Moves the place along. Rejects if the answer is cut. */
async function* readOnce(
  list: ListChanges,
  { follow = true, payloads, signal }: ChangesInit,
  place: Place,
): AsyncGenerator<FeedEntry | FeedReset | null> {
  const { since, epoch } = place;
  const waitSeconds = follow ? WAIT_SECONDS : 0;
  let header: ChangesHeader | undefined;
  for await (const line of list({ since, epoch, payloads, waitSeconds, signal })) {
    if ('error' in line) throw new ClientError(200, line.error.code, line.error.message);
    if ('newest' in line) {
      header = line;
      place.epoch = line.epoch;
      if (place.isNew === true) yield { reset: { epoch: line.epoch } };
      place.isNew = false;
      yield null;
    } else if (isTrailer(line)) return;
    else if (header !== undefined) {
      place.since = line.seq;
      yield { epoch: header.epoch, ...line };
    }
  }
  throw new ClientError(200, 'ANSWER_CUT', 'the answer ended before its last line: ask again');
}

function isTrailer(line: Change | ChangesTrailer): line is ChangesTrailer {
  return 'last' in line;
}

function isReset(error: unknown): boolean {
  return error instanceof ClientError && error.code === 'FEED_RESET';
}

/** Asking again would be refused again. */
function isRefusal(error: unknown): boolean {
  return error instanceof ClientError && error.status >= 400 && error.status < 500;
}

/** Ends early when the signal aborts. */
async function pause(
  after: ChangesInit['after'],
  ms: number,
  signal: AbortSignal | undefined,
): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  const wake = () => resolve();
  const cancel = after(ms, wake);
  signal?.addEventListener('abort', wake);
  await promise;
  signal?.removeEventListener('abort', wake);
  cancel();
}
