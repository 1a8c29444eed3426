import { systemClock } from '../../src/daemon/system/index.ts';
import { commonware } from '../../src/protocol/index.ts';
import { bytesToKey, Replica, type Snapshot, type VerifiedItem } from '../../src/store/index.ts';
import { converse } from '../conformance/dialect.ts';
import { FakeDisk } from '../support/fake-disk.ts';
import { memoryDatabase } from '../support/memory-database.ts';
import { fullItemOf } from './items.ts';

/** Items in one put. */
const CHUNK = 1_000;

/** A replica of its own that holds the items of the numbers, and says in a session what we lack. */
export class Peer {
  readonly #replica: Replica;
  readonly #items: ReadonlyMap<string, VerifiedItem>;

  private constructor(replica: Replica, items: ReadonlyMap<string, VerifiedItem>) {
    this.#replica = replica;
    this.#items = items;
  }

  static async holding(numbers: readonly number[]): Promise<Peer> {
    const disk = new FakeDisk();
    const replica = await Replica.open({ database: memoryDatabase(), clock: systemClock, disk });
    const items = numbers.map(fullItemOf);
    for (const chunk of chunksOf(items)) await replica.putVerified(chunk);
    return new Peer(replica, new Map(items.map((item) => [bytesToKey(item.id), item])));
  }

  /** One session: what we lack is stored; how many items that were. */
  async refill(ours: Replica): Promise<number> {
    const [mine, theirs] = [ours.snapshot(), this.#replica.snapshot()];
    const missing = missingOf(mine, theirs);
    const items = missing.map((id) => this.#items.get(bytesToKey(id))!);
    for (const chunk of chunksOf(items)) await ours.putVerified(chunk);
    return items.length;
  }

  async close(): Promise<void> {
    await this.#replica.close();
  }
}

/** What `mine` lacks of `theirs`. */
function missingOf(mine: Snapshot, theirs: Snapshot): readonly Uint8Array[] {
  try {
    const initiator = commonware.session({ role: 'initiator', snapshot: mine });
    const responder = commonware.session({ role: 'responder', snapshot: theirs });
    return converse(initiator, responder).missing.initiator;
  } finally {
    mine.release();
    theirs.release();
  }
}

function* chunksOf<Value>(values: readonly Value[]): Generator<readonly Value[]> {
  for (let at = 0; at < values.length; at += CHUNK) yield values.slice(at, at + CHUNK);
}
