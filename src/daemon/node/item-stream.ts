import {
  bytesToHex,
  type Clock,
  delay,
  type HeldKey,
  type Item,
  type Replica,
  StoreError,
} from '../../store/index.ts';
import type { ItemStream } from '../node-api.ts';

/** Ids that the store reads at once. */
const TOGETHER = 64;
/** Payload bytes read at once, or a single item. */
const TOGETHER_BYTES = 1024 * 1024;
/** A slow client of a large export ends within a day. */
const MAX_AGE_MS = 24 * 60 * 60 * 1_000;

export interface ItemStreamInit {
  readonly replica: Pick<Replica, 'snapshot' | 'serve'>;
  readonly clock: Clock;
  /** First hint wanted. */
  readonly from: bigint;
  /** First hint not wanted. */
  readonly to: bigint;
}

/** The items of a range as they are now, to be read in order. Throws like `Replica.snapshot`. */
export function streamItems({ replica, clock, from, to }: ItemStreamInit): ItemStream {
  const snapshot = replica.snapshot({ maxAgeMs: MAX_AGE_MS });
  try {
    const begin = snapshot.lowerBound({ hint: from, id: null });
    const end = Math.max(begin, snapshot.lowerBound({ hint: to, id: null }));
    const { scheme } = snapshot;
    const fingerprint = bytesToHex(scheme.digest(snapshot.fingerprint(begin, end), end - begin));
    async function* read(): AsyncGenerator<readonly Item[]> {
      for (let at = begin; at < end; ) {
        const keys = [...snapshot.keys(at, Math.min(end, at + TOGETHER))];
        const items = await readItems(replica, keys);
        at += items.length;
        yield items;
        await delay(clock, 0);
      }
    }
    return { items: end - begin, fingerprint, read, release: () => snapshot.release() };
  } catch (error) {
    snapshot.release();
    throw error;
  }
}

/** The first of the items, at least one. Rejects with `STORE_CORRUPT` if one is damaged. */
async function readItems(
  replica: Pick<Replica, 'serve'>,
  keys: readonly HeldKey[],
): Promise<Item[]> {
  const ids = keys.map(({ id }) => id);
  const limits = { maxItemBytes: Number.POSITIVE_INFINITY, maxBytes: TOGETHER_BYTES };
  const served = await replica.serve(ids, limits);
  return served.map((item, at) => {
    if (item !== undefined && 'payload' in item) return item;
    const id = bytesToHex(keys[at]!.id);
    throw new StoreError(
      'STORE_CORRUPT',
      `item ${id} is damaged or was put aside since the export began: read it from a peer, then export again`,
    );
  });
}

/** Items by id, in order; null for those that are not held. */
export async function* readByIds(
  replica: Pick<Replica, 'serve'>,
  ids: readonly Uint8Array[],
  clock: Clock,
): AsyncGenerator<readonly (Item | null)[]> {
  const limits = { maxItemBytes: Number.POSITIVE_INFINITY, maxBytes: TOGETHER_BYTES };
  for (let at = 0; at < ids.length; ) {
    const served = await replica.serve(ids.slice(at, at + TOGETHER), limits);
    yield served.map((item) => (item !== undefined && 'payload' in item ? item : null));
    at += served.length;
    await delay(clock, 0);
  }
}
