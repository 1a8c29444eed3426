import type { GossipSub } from '@libp2p/gossipsub';

/** Messages that gossipsub remembers, in each of its tables. */
const MAX_SEEN = 65_536;

/** A table of gossipsub, which forgets by age alone. */
interface SeenTable {
  readonly entries: Map<string, unknown>;
  put(id: string, value?: unknown): boolean;
}

/** Parts of gossipsub's class, which its interface leaves out. */
interface SeenTables {
  readonly seenCache: SeenTable;
  readonly fastMsgIdCache: SeenTable;
  readonly score: {
    readonly deliveryRecords: {
      readonly records: Map<string, unknown>;
      readonly queue: { readonly length: number; shift(): { msgId: string } | undefined };
      ensureRecord(id: string): unknown;
    };
  };
}

/** Bounds in number what gossipsub remembers of messages for two minutes: the oldest make room. */
export function boundSeen(service: GossipSub): void {
  const { seenCache, fastMsgIdCache, score } = service as unknown as SeenTables;
  for (const table of [seenCache, fastMsgIdCache]) {
    const put = table.put.bind(table);
    table.put = (id, value) => {
      const collides = put(id, value);
      const { entries } = table;
      if (entries.size > MAX_SEEN) entries.delete(entries.keys().next().value!);
      return collides;
    };
  }
  const { deliveryRecords } = score;
  const ensure = deliveryRecords.ensureRecord.bind(deliveryRecords);
  deliveryRecords.ensureRecord = (id) => {
    const record = ensure(id);
    const { records, queue } = deliveryRecords;
    if (queue.length > MAX_SEEN) records.delete(queue.shift()!.msgId);
    return record;
  };
}
