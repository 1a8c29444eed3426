import {
  type Clock,
  delay,
  type Item,
  type NewItem,
  type PutResult,
  type Replica,
} from '../../../store/index.ts';
import type { DaemonError } from '../../errors.ts';
import type { GuardError } from '../../guard/index.ts';
import type { BulkItems, HoldMemory, ItemStream, NewOwnItem } from '../../node-api.ts';
import type { Replicator } from '../../replicator/index.ts';
import { ownSecret } from '../peer-errors.ts';
import { type ItemStreamInit, readByIds, streamItems } from './item-stream.ts';

/** Ids looked up in one turn of the event loop. */
const TOGETHER = 512;

export interface BulkItemsInit {
  readonly replica: Pick<Replica, 'contains'> & ItemStreamInit['replica'];
  readonly ownItems: Pick<Replicator['ownItems'], 'putEach'>;
  readonly clock: Clock;
  readonly isSecret: (payload: Uint8Array) => boolean;
}

/** Many items at once. */
export class NodeItems implements BulkItems {
  readonly #init: BulkItemsInit;

  constructor(init: BulkItemsInit) {
    this.#init = init;
  }

  async putMany(items: readonly NewOwnItem[]): Promise<(PutResult | DaemonError | GuardError)[]> {
    const { ownItems, clock, isSecret } = this.#init;
    const now = BigInt(clock.now());
    const secret = items.map(({ payload }) => isSecret(payload));
    const taken = items
      .filter((_, at) => !secret[at])
      .map((item) => (hasHint(item) ? item : { hint: now, payload: item.payload }));
    const stored = taken.length === 0 ? [] : await ownItems.putEach(taken);
    let next = 0;
    return secret.map((isSecret) => (isSecret ? ownSecret() : stored[next++]!));
  }

  async have(ids: readonly Uint8Array[]): Promise<boolean[]> {
    const { replica, clock } = this.#init;
    const held: boolean[] = [];
    for (const id of ids) {
      held.push(replica.contains(id));
      if (held.length % TOGETHER === 0) await delay(clock, 0);
    }
    return held;
  }

  getMany(ids: readonly Uint8Array[], hold: HoldMemory): AsyncGenerator<readonly (Item | null)[]> {
    return readByIds(this.#init, ids, hold);
  }

  stream(range: { readonly from: bigint; readonly to: bigint }): ItemStream {
    return streamItems({ ...this.#init, ...range });
  }
}

function hasHint(item: NewOwnItem): item is NewItem {
  return item.hint !== undefined;
}
