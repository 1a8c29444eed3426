import { bytesToHex, hexToBytes, type RefusedItem, type Replica } from '../../../store/index.ts';
import type { NodeControl, RefusedPage, ShownRefusal } from '../../control-api.ts';
import type { Replicator } from '../../replicator/index.ts';
import { isoTime } from '../../system/index.ts';

interface RefusedItemsInit {
  readonly replica: Pick<Replica, 'refusals'>;
  readonly replicator: Pick<Replicator, 'operatorRefusals'>;
}

/** The calls of `NodeControl` for refused items. */
export function refusedItems({
  replica,
  replicator,
}: RefusedItemsInit): Pick<NodeControl, 'refuse' | 'unrefuse' | 'listRefused'> {
  const { operatorRefusals } = replicator;
  return {
    refuse: ({ ids, reason }) => operatorRefusals.refuse(ids.map(hexToBytes), reason),
    async unrefuse({ ids }) {
      return { removed: await operatorRefusals.letIn(ids.map(hexToBytes)) };
    },
    listRefused: (page) => refusedPage(replica, page),
  };
}

/** One more than the page holds tells whether another page follows. */
async function refusedPage(
  { refusals }: RefusedItemsInit['replica'],
  { limit, after }: { readonly limit: number; readonly after: string | null },
): Promise<RefusedPage> {
  const from = after === null ? undefined : hexToBytes(after);
  const found = await refusals.list({ after: from, limit: limit + 1 });
  const items = found.slice(0, limit).map(shown);
  const last = items.at(-1)?.id ?? null;
  return { counts: refusals.counts, items, cursor: found.length > limit ? last : null };
}

function shown(item: RefusedItem): ShownRefusal {
  return { id: bytesToHex(item.id), ...refusalFacts(item) };
}

/** A refusal without its id. */
export function refusalFacts({ at, by, hint, reason }: RefusedItem): Omit<ShownRefusal, 'id'> {
  return { at: isoTime(at), by, hint: hint === null ? null : `${hint}`, reason };
}
