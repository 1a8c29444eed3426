import type { Random } from '../../environment.ts';
import { StoreError } from '../../errors.ts';
import { ID_BYTES, INFINITE_HINT, type ItemKey } from '../../item.ts';
import {
  type BatchOperation,
  behind,
  clearRange,
  type Database,
  type KeyRangeBytes,
  passOver,
  type ReadResult,
  walkOnce,
  writeSynced,
} from '../../level/index.ts';
import { headOf } from '../check/index.ts';
import {
  ArrivalRecord,
  encodeHead,
  type ItemHead,
  type SetKeys,
  type SetState,
} from '../records/index.ts';
import { auditArrivals, type EntryHead } from './audit.ts';
import { freshEpoch } from './epoch.ts';
import { checkEnd } from './read.ts';

export interface OrderInit {
  readonly database: Database;
  readonly keys: SetKeys;
  /** Makes epochs. @default the platform's */
  readonly random?: Random | undefined;
  /** Called after each step with the items done so far; an error that it throws ends the work. */
  readonly progress: (items: number) => void;
}

type ReadPage = Awaited<ReturnType<typeof walkOnce>>;

type SettledOrder = Pick<SetState, 'epoch' | 'order' | 'arrivals' | 'arrivalsBegin'>;

/**
 * The order of arrival of a set whose index was built again: the order that is there if it is whole and has
 * exactly the held items, those in quarantine and those that left for good, else a new one. Writes places into id records that lack
 * theirs.
 */
export async function settleOrder(init: OrderInit, state: SetState): Promise<SettledOrder> {
  const { epoch, order, arrivals, arrivalsBegin } = state;
  if (epoch !== 0n && (await isWhole(init, state)))
    return { epoch, order, arrivals, arrivalsBegin };
  return writeOrder(init, state);
}

async function isWhole({ database, keys, progress }: OrderInit, state: SetState): Promise<boolean> {
  const place = { database, keys, state };
  let held = 0;
  try {
    await checkEnd(place);
    for await (const part of auditArrivals(place)) {
      if (part.gone.length > 0) return false;
      held += part.held;
      const mended = part.misplaced.flatMap((one) => replaced(keys, one));
      if (mended.length > 0) await writeSynced(database, mended);
      progress(held);
    }
  } catch (error) {
    if (error instanceof StoreError && error.code === 'STORE_CORRUPT') return false;
    throw error;
  }
  return held === state.items;
}

/**
 * Writes an order of arrival from the id records, in their order, in a new epoch. Times and sources are
 * unknown. Takes bounded memory. The caller writes the result into the state; until then the order counts
 * as unfinished.
 */
export async function writeOrder(
  { database, keys, random, progress }: OrderInit,
  state: Pick<SetState, 'order' | 'commit'>,
): Promise<SettledOrder> {
  const order = freshEpoch(random, state.order);
  await clearRange(database, keys.orders);
  let last = 0;
  for await (const page of pagesOf(database, keys.ids)) {
    const items = page.flatMap(([key, value]) => headIn(keys, key, value));
    if (items.length === 0) continue;
    const head = { commit: state.commit, at: 0, entries: items.length, sources: [] };
    const record = new ArrivalRecord(head);
    for (const item of items) record.add(item, item.bytes, 0);
    const places = items.map((item, i): BatchOperation => {
      const value = encodeHead({ ...item, seq: last + 1 + i });
      return { type: 'put', key: keys.id(item.id), value };
    });
    const value = record.sealed();
    await writeSynced(database, [
      ...places,
      { type: 'put', key: keys.arrivals(order, last + 1), value },
    ]);
    last += items.length;
    progress(last);
  }
  return { epoch: order, order, arrivals: last, arrivalsBegin: 1 };
}

/**
 * The records of a range that is written to meanwhile, each page by an iterator of its own: LevelDB 1.20 may
 * confuse versions of a record that it keeps for a long one.
 */
async function* pagesOf(database: Database, range: KeyRangeBytes): AsyncGenerator<ReadPage, void> {
  for (let { gte } = range; ; ) {
    const page = await walkOnce(database, { gte, lt: range.lt }, { unreadable: passOver });
    const last = page.at(-1);
    if (last === undefined) return;
    yield page;
    gte = behind(last[0]);
  }
}

/** The id record with its right place; none if it cannot be read, which is mended elsewhere. */
export function replaced(keys: SetKeys, { id, record, seq }: EntryHead): BatchOperation[] {
  return readHead(id, record).map((head) => {
    return { type: 'put', key: keys.id(id), value: encodeHead({ ...head, seq }) };
  });
}

function headIn(keys: SetKeys, key: Uint8Array, value: Uint8Array): (ItemHead & ItemKey)[] {
  return readHead(key.slice(keys.ids.gte.length), value);
}

/** None where the record is damaged. */
function readHead(id: Uint8Array, record: ReadResult): (ItemHead & ItemKey)[] {
  const head = headOf(record);
  if (head === undefined || id.length !== ID_BYTES) return [];
  return head.hint === INFINITE_HINT || head.bytes >= 2 ** 32 ? [] : [{ ...head, id }];
}
