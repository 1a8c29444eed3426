import { ClientError } from '../../client/index.ts';
import { DaemonError } from '../../errors.ts';
import type { BatchLine, PutAnswer } from '../../schemas/index.ts';
import type { ImportOrigin } from './candidate.ts';

/** An item that was read, and its id. */
export interface ReadItem {
  readonly origin: ImportOrigin;
  readonly hint: bigint;
  readonly payload: Uint8Array;
  readonly id: string;
}

export interface Trouble {
  readonly code: string;
  readonly message: string;
}

/** Why an item is not stored. */
export interface Refusal {
  readonly trouble: Trouble;
  /** The next item would be refused for the same reason: no daemon, no right, no room. */
  readonly isFinal: boolean;
}

/** The daemon that gets the items. */
export interface ImportTarget {
  have(ids: readonly string[]): Promise<readonly boolean[]>;
  /** The lines of the answer to a batch. */
  putItems(items: readonly ReadItem[]): Promise<readonly BatchLine[]>;
}

/** Statuses and codes of refusals that all items get. */
const FINAL_STATUSES: readonly number[] = [401, 403, 404, 405, 503, 507];
const FINAL_CODES: ReadonlySet<string> = new Set([
  ...['SET_FULL', 'TOO_MANY_ITEMS', 'DISK_FULL', 'SHUTTING_DOWN', 'BUSY', 'REQUEST_TIMEOUT'],
  ...['STORE_CLOSED', 'STORE_WRITE_FAILED', 'STORE_REBUILDING', 'STORE_UNAVAILABLE'],
]);

const UNANSWERED: Refusal = {
  trouble: {
    code: 'INVALID_ANSWER',
    message: 'the daemon did not answer for this item: import again',
  },
  isFinal: true,
};

/**
 * Asks which items the daemon has, and sends it the others. Resolves with what became of each, in order; behind
 * the first final refusal that is the same for all.
 */
export async function offer(
  daemon: ImportTarget,
  items: readonly ReadItem[],
): Promise<readonly (PutAnswer | Refusal)[]> {
  const outcomes: (PutAnswer | Refusal)[] = [];
  try {
    const have = await daemon.have(items.map(({ id }) => id));
    const answers = await putAll(
      daemon,
      items.filter((_, at) => have[at] !== true),
    );
    for (const [at, { id, hint }] of items.entries()) {
      const answer = have[at] === true ? { id, hint: `${hint}`, created: false } : answers.shift();
      outcomes.push(answer ?? UNANSWERED);
    }
    return outcomes;
  } catch (error) {
    const refusal = { trouble: troubleOf(error), isFinal: isFinal(error) };
    return items.map(() => refusal);
  }
}

async function putAll(
  daemon: ImportTarget,
  items: readonly ReadItem[],
): Promise<(PutAnswer | Refusal)[]> {
  const answers: (PutAnswer | Refusal)[] = [];
  if (items.length === 0) return answers;
  for (const line of await daemon.putItems(items)) {
    if ('created' in line) answers.push(line);
    else if ('line' in line) answers.push(refused(line.error));
    else if (line.trailer.error !== null)
      answers.push({ trouble: line.trailer.error, isFinal: true });
  }
  return answers;
}

function refused(trouble: Trouble): Refusal {
  return { trouble, isFinal: FINAL_CODES.has(trouble.code) };
}

export function troubleOf(error: unknown): Trouble {
  const { code = 'UNREADABLE', message } = error as Error & { code?: string };
  return { code, message };
}

function isFinal(error: unknown): boolean {
  if (error instanceof DaemonError) return true;
  return (
    !(error instanceof ClientError) || FINAL_STATUSES.includes(error.status) || error.status < 400
  );
}
