import { bytesToHex, hexToBytes, type RefusedItem, type Replica } from '../../../store/index.ts';
import type { NodeControl, RefusedPage, ShownRefusal } from '../../control-api.ts';
import type { EventBus } from '../../events/index.ts';
import type { Replicator } from '../../replicator/index.ts';
import { isoTime } from '../../system/index.ts';

interface RefusedItemsInit {
  readonly replica: Pick<Replica, 'refusals'>;
  readonly replicator: Pick<Replicator, 'operatorRefusals'>;
  readonly events: Pick<EventBus, 'refused'>;
}

/** The calls of `NodeControl` for refused items. */
export function refusedItems({
  replica,
  replicator,
  events,
}: RefusedItemsInit): Pick<NodeControl, 'refuse' | 'unrefuse' | 'listRefused'> {
  const { operatorRefusals } = replicator;
  const tell = (
    [first]: readonly Uint8Array[],
    facts: Omit<Parameters<EventBus['refused']>[0], 'id'>,
  ): void => {
    if (first !== undefined) events.refused({ ...facts, id: first });
  };
  return {
    async refuse({ ids: texts, reason }) {
      const ids = texts.map(hexToBytes);
      const result = await operatorRefusals.refuse(ids, reason);
      tell(ids, { change: 'added', ids: result.added, dropped: result.dropped });
      return result;
    },
    async unrefuse({ ids: texts }) {
      const ids = texts.map(hexToBytes);
      const removed = await operatorRefusals.letIn(ids);
      tell(ids, { change: 'removed', ids: removed, dropped: 0 });
      return { removed };
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
