import { concatBytes } from '../../../../../store/index.ts';
import type { Interval } from '../../../dialect.ts';
import type { Context } from '../context.ts';
import type { ItemsRecord } from '../wire/index.ts';
import type { NativeWork } from '../work.ts';
import type { Announced } from './announced.ts';
import type { GroupLane } from './group-lane.ts';

export interface ToldItemsInit {
  context: Context;
  interval: Interval;
  announced: Announced;
  groups: GroupLane;
}

/** Takes items as the records of their ids, which they stand for. */
export function* toldItems(
  record: ItemsRecord,
  { context, interval, announced, groups }: ToldItemsInit,
): NativeWork {
  const { inbound, ledger } = context;
  const { of, group } = record;
  const items = yield* inbound.identify(record, of === 'piece' ? announced.rest : interval);
  const ids = concatBytes(...items.map(({ id }) => id));
  if (of === 'piece') yield* ledger.got(ids, items);
  else if (of === 'recent') yield* announced.recent(ids, false, ledger, items);
  else yield* groups.receive({ tag: of, group, last: false, ids }, items)!;
}
