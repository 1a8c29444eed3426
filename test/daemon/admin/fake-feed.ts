import type { ArrivalFeed } from '../../../src/daemon/testing.ts';
import {
  type ArrivalEntry,
  type ArrivalsInit,
  type ArrivalsPage,
  FeedResetError,
} from '../../../src/store/index.ts';

/** An order of arrival in memory, which a test lets begin anew. */
export class FakeFeed implements ArrivalFeed {
  epoch = '0123456789abcdef';
  readonly entries: ArrivalEntry[] = [];
  /** Pages that were read. */
  reads = 0;
  /** Thrown by the next reads. */
  fault: Error | null = null;
  readonly #listeners = new Set<() => void>();

  get listeners(): number {
    return this.#listeners.size;
  }

  get last(): number {
    return this.entries.at(-1)?.seq ?? 0;
  }

  /** At the next place, or at a later one that leaves a gap. */
  add(entry: Omit<ArrivalEntry, 'seq'> & { seq?: number }): void {
    this.entries.push({ seq: this.last + 1, ...entry });
    this.#tell();
  }

  /** Begins an epoch with the items that there are. */
  reset(epoch: string): void {
    this.epoch = epoch;
    this.#tell();
  }

  async arrivals(since: number, { limit, maxBytes, epoch }: ArrivalsInit): Promise<ArrivalsPage> {
    this.reads++;
    if (this.fault !== null) throw this.fault;
    const { last } = this;
    if ((epoch ?? this.epoch) !== this.epoch || since > last) {
      throw new FeedResetError(this.epoch, last);
    }
    let left = maxBytes ?? Number.POSITIVE_INFINITY;
    const entries: ArrivalEntry[] = [];
    for (const entry of this.entries.filter(({ seq }) => seq > since).slice(0, limit)) {
      left -= entry.bytes;
      if (left < 0 && entries.length > 0) break;
      entries.push(entry);
    }
    return { epoch: this.epoch, last, entries };
  }

  onArrival(listener: () => void): () => void {
    const own = () => listener();
    this.#listeners.add(own);
    return () => this.#listeners.delete(own);
  }

  #tell(): void {
    for (const listener of this.#listeners) listener();
  }
}
