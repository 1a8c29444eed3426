import { concatBytes, ID_BYTES } from '../../../../../store/index.ts';
import { MAX_RECORD_ITEMS } from '../constants.ts';
import type { Context } from '../context.ts';
import type { ToldItem } from '../items.ts';
import type { ItemsRecord } from '../wire/index.ts';
import { type NativeWork, send } from '../work.ts';

/** Bytes of a record of items, and of one item, without the payloads. */
const ITEMS_HEAD = 24;
const ITEM_HEAD = 13;

/**
 * Sends the items of ids that only we have, where the peer takes them. Returns the ids that are left to be sent.
 */
export function* sendItems(
  head: Pick<ItemsRecord, 'of' | 'group'>,
  ids: Uint8Array,
  { outbound, outbox, meter }: Context,
): NativeWork<Uint8Array> {
  if (!outbound.open) return ids;
  const most = outbox.maxFrameBytes - ITEMS_HEAD;
  const left: Uint8Array[] = [];
  let items: ToldItem[] = [];
  let bytes = 0;
  const push = function* (): NativeWork {
    if (items.length === 0) return;
    items.sort((a, b) => (a.hint < b.hint ? -1 : Number(a.hint > b.hint)));
    yield* send(outbox, { tag: 'items', ...head, items });
    [items, bytes] = [[], 0];
  };
  for (let at = 0; at < ids.length; at += ID_BYTES) {
    if (meter.over) yield 'slice';
    const id = ids.subarray(at, at + ID_BYTES);
    const item = outbound.read(id, most - ITEM_HEAD);
    if (item === undefined) {
      left.push(id);
      continue;
    }
    const more = ITEM_HEAD + item.payload.length;
    if (bytes + more > most || items.length === MAX_RECORD_ITEMS) yield* push();
    items.push(item);
    bytes += more;
  }
  yield* push();
  return concatBytes(...left);
}
