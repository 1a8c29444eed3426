import { ID_BYTES } from '../../../../../store/index.ts';
import type { Context } from '../context.ts';
import type { IdsRecord, RestRecord } from '../wire/index.ts';
import type { NativeWork } from '../work.ts';
import { restsOf } from './rests.ts';
import { idsAt, type SketchGroup } from './sketch-group.ts';

/** Bytes of a record of ids without the ids. */
const IDS_HEAD = 24;

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
  let at = 0;
  do {
    while (outbox.full) yield 'output';
    const some = positions.slice(at, at + idsThatFit(context));
    at += some.length;
    const ids = yield* idsAt(group, context, some);
    ledger.gave(ids);
    const last = at === positions.length;
    const { tag, group: number } = head;
    if (tag === 'rest') outbox.push({ tag, group: number, last, rests: restsOf(ids) });
    else outbox.push({ tag, group: number, last, ids });
  } while (at < positions.length);
}
