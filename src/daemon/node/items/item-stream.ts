import {
  bytesToHex,
  type Clock,
  delay,
  type Item,
  type ItemKey,
  type Replica,
  type Served,
  StoreError,
} from '../../../store/index.ts';
import type { HoldMemory, ItemStream } from '../../node-api.ts';

/** Items that the store reads at once. */
const TOGETHER = 64;
/** A longer item is read by itself. */
const SHORT_BYTES = 1024 * 1024;
/** Payload bytes at which a page of an export ends: with its last item it has at most 1.5 MiB. */
const PAGE_BYTES = 512 * 1024;
/** A slow client of a large export ends within a day. */
const MAX_AGE_MS = 24 * 60 * 60 * 1_000;

interface ReadInit {
  readonly replica: Pick<Replica, 'serve'>;
  readonly clock: Clock;
}

export interface ItemStreamInit extends ReadInit {
  readonly replica: Pick<Replica, 'snapshot' | 'serve' | 'serveKeys'> & {
    readonly retention: { readonly floor: bigint };
  };
  /** First hint wanted. Items below the floor are left out, also while they are still held. */
  readonly from: bigint;
  /** First hint not wanted. */
  readonly to: bigint;
}

/** The items of a range as they are now, to be read in order. Throws like `Replica.snapshot`. */
export function streamItems(init: ItemStreamInit): ItemStream {
  const { replica, from, to } = init;
  const snapshot = replica.snapshot({ maxAgeMs: MAX_AGE_MS });
  try {
    const { floor } = replica.retention;
    const begin = snapshot.lowerBound({ hint: from > floor ? from : floor, id: null });
    const end = Math.max(begin, snapshot.lowerBound({ hint: to, id: null }));
    const { scheme } = snapshot;
    const fingerprint = bytesToHex(scheme.digest(snapshot.fingerprint(begin, end), end - begin));
    async function* read(hold: HoldMemory): AsyncGenerator<readonly Item[]> {
      for (let at = begin; at < end; at += TOGETHER) {
        const keys = [...snapshot.keys(at, Math.min(end, at + TOGETHER))];
        let next = 0;
        for await (const page of readPages(init, byKeys(init, keys), hold)) {
          yield page.map((item) => item ?? lost(keys[next]!.id));
          next += page.length;
        }
      }
    }
    return { items: end - begin, fingerprint, read, release: () => snapshot.release() };
  } catch (error) {
    snapshot.release();
    throw error;
  }
}

function lost(id: Uint8Array): never {
  throw new StoreError(
    'STORE_CORRUPT',
    `item ${bytesToHex(id)} is damaged or was put aside since the export began: read it from a peer, then export again`,
  );
}

const SHORT = { maxItemBytes: SHORT_BYTES, maxBytes: SHORT_BYTES };
const BY_KEY = { maxItemBytes: SHORT_BYTES, maxBytes: PAGE_BYTES };
const ANY = { maxItemBytes: Number.POSITIVE_INFINITY, maxBytes: SHORT_BYTES };

/** Items by id, in order; null for those that are not held. A long item waits for memory before it is read. */
export function readByIds(
  init: ReadInit,
  ids: readonly Uint8Array[],
  hold: HoldMemory,
): AsyncGenerator<readonly (Item | null)[]> {
  return readPages(init, { ids, serve: (at) => serveIds(init, ids, at) }, hold);
}

function serveIds({ replica }: ReadInit, ids: readonly Uint8Array[], at: number) {
  return replica.serve(ids.slice(at, at + TOGETHER), SHORT);
}

/** Items that are wanted, and how the store reads them. */
interface WantedItems {
  readonly ids: readonly Uint8Array[];
  /** Answers to ids from this place on, at least one. */
  readonly serve: (at: number) => Promise<readonly Served[]>;
}

function byKeys(init: ItemStreamInit, keys: readonly ItemKey[]): WantedItems {
  const ids = keys.map(({ id }) => id);
  // Only an id record tells a length before the payload is read. So ids are looked up where long items are.
  let isLong = false;
  return {
    ids,
    async serve(at) {
      const served = await (isLong
        ? serveIds(init, ids, at)
        : init.replica.serveKeys(keys.slice(at), BY_KEY));
      isLong = served.some((answer) => answer !== undefined && !('payload' in answer));
      return served;
    },
  };
}

async function* readPages(
  { replica, clock }: ReadInit,
  { ids, serve }: WantedItems,
  hold: HoldMemory,
): AsyncGenerator<readonly (Item | null)[]> {
  for (let at = 0; at < ids.length; ) {
    const served = await serve(at);
    let page: (Item | null)[] = [];
    for (const answer of served) {
      const id = ids[at++]!;
      if (answer === undefined || 'payload' in answer) {
        page.push(answer ?? null);
        continue;
      }
      if (page.length > 0) yield page;
      page = [];
      const release = await hold(answer.length);
      try {
        const [item] = await replica.serve([id], ANY);
        yield [item !== undefined && 'payload' in item ? item : null];
      } finally {
        release();
      }
    }
    if (page.length > 0) yield page;
    await delay(clock, 0);
  }
}
