import { FeedResetError, itemId, type Replica, readU64BE } from '../../../store/index.ts';
import type { ArrivalFeed } from '../../node-api.ts';

/**
 * The order of arrival under names of this node. A copied database keeps its epochs, and each node with a copy gives
 * the next places to other items. So the epochs that clients are told also depend on the identity of the node.
 */
export class OwnFeed implements ArrivalFeed {
  readonly #replica: ArrivalFeed;
  readonly #mark: bigint;

  constructor(replica: ArrivalFeed, peerId: string) {
    this.#replica = replica;
    this.#mark = readU64BE(itemId(0n, new TextEncoder().encode(peerId)), 0);
  }

  readonly arrivals: Replica['arrivals'] = async (since, { epoch, ...init }) => {
    const known = epoch === undefined ? {} : { epoch: this.#turned(epoch) };
    try {
      const page = await this.#replica.arrivals(since, { ...init, ...known });
      return { ...page, epoch: this.#turned(page.epoch) };
    } catch (error) {
      if (!(error instanceof FeedResetError)) throw error;
      throw new FeedResetError(this.#turned(error.epoch), error.last);
    }
  };

  readonly onArrival: Replica['onArrival'] = (listener) => this.#replica.onArrival(listener);

  /** The name of an epoch here for that in the database, and the other way round. */
  #turned(epoch: string): string {
    return (BigInt(`0x${epoch}`) ^ this.#mark).toString(16).padStart(16, '0');
  }
}
