import { INFINITE_HINT } from '../../../../../store/index.ts';
import { MAX_RECORD_ITEMS, TAG } from '../constants.ts';
import { malformed } from './bytes.ts';
import type { Codec } from './fields.ts';
import type { ItemsRecord, ToldTag } from './records.ts';

const TOLD: ReadonlyMap<number, ToldTag> = new Map(
  (['give', 'grant', 'piece', 'recent'] as const).map((tag) => [TAG[tag], tag]),
);

const isOfGroup = (of: ToldTag): boolean => of === 'give' || of === 'grant';

/** An item without payload has a step and a length. */
const LEAST_BYTES = 2;

/** Hints stand as steps from the hint before. */
export const ITEMS: Codec<Omit<ItemsRecord, 'tag'>> = {
  read(from) {
    const of = TOLD.get(from.byte());
    if (of === undefined) throw malformed('items in place of no ids');
    const group = isOfGroup(of) ? from.count() : 0;
    const count = from.countOf(LEAST_BYTES);
    if (count === 0 || count > MAX_RECORD_ITEMS)
      throw malformed(`a record has 1 to ${MAX_RECORD_ITEMS} items, not ${count}`);
    let hint = 0n;
    const items = Array.from({ length: count }, () => {
      hint += from.varint();
      if (hint >= INFINITE_HINT) throw malformed('an item lies past infinity');
      return { hint, payload: from.take(from.countOf(1)) };
    });
    return { of, group, items };
  },
  write(to, { of, group, items }) {
    to.byte(TAG[of]);
    if (isOfGroup(of)) to.count(group);
    to.count(items.length);
    let before = 0n;
    for (const { hint, payload } of items) {
      to.varint(hint - before)
        .count(payload.length)
        .bytes(payload);
      before = hint;
    }
  },
};
