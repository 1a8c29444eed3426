import { concatBytes, ID_BYTES } from '../../../../../store/index.ts';
import type { Context } from '../context.ts';
import type { IdsRecord, RestRecord } from '../wire/index.ts';
import type { NativeWork } from '../work.ts';
import { restsOf } from './rests.ts';
import { sendItems } from './send-items.ts';
import { idsAt, type SketchGroup } from './sketch-group.ts';

/** Bytes of a record of ids without the ids. */
const IDS_HEAD = 24;
/** Ids that are read at a time. */
const IDS_TOGETHER = 512;

/** Ids in the next record: they fill the frame in the making, or a new frame if fewer than eight fit. */
export function idsThatFit({ outbox }: Context): number {
  const room = outbox.room - IDS_HEAD;
  const bytes = room >= 8 * ID_BYTES ? room : outbox.maxFrameBytes - IDS_HEAD;
  return Math.floor(bytes / ID_BYTES);
}

/** Sends ids that only we have, by their positions in the group; at least one record. */
export function* sendIds(
  head: Pick<IdsRecord | RestRecord, 'tag' | 'group'>,
  group: SketchGroup,
  positions: readonly number[],
  context: Context,
): NativeWork {
  const { outbox, ledger } = context;
  const of = head.tag === 'give' ? 'give' : 'grant';
  // A grant that begins with items goes on with whole ids: rests are told from their order alone.
  let [tag, kept] = [head.tag, [] as Uint8Array[]];
  for (let at = 0; at < positions.length; at += IDS_TOGETHER) {
    const ids = yield* idsAt(group, context, positions.slice(at, at + IDS_TOGETHER));
    ledger.gave(ids);
    const left = yield* sendItems({ of, group: head.group }, ids, context);
    if (left.length < ids.length) tag = of;
    kept.push(left);
  }
  const ids = concatBytes(...kept);
  let at = 0;
  do {
    while (outbox.full) yield 'output';
    const some = ids.subarray(at, at + ID_BYTES * idsThatFit(context));
    at += some.length;
    const last = at === ids.length;
    const { group: number } = head;
    if (tag === 'rest') outbox.push({ tag, group: number, last, rests: restsOf(some) });
    else outbox.push({ tag, group: number, last, ids: some });
  } while (at < ids.length);
}
