import { bytesToKey } from '../bytes.ts';
import { StoreError } from '../errors.ts';
import type { Item } from '../item.ts';
import type { ReplicaLimits } from './limits.ts';

export interface GroupCommitInit {
  limits: Pick<
    ReplicaLimits,
    'maxQueuedBytes' | 'maxQueuedItems' | 'maxBatchBytes' | 'maxBatchItems'
  >;
  /** Writes the items in one atomic batch; resolves once it is on disk. */
  write: (items: readonly Item[]) => Promise<void>;
  /** Makes items visible; called after their write, before their callers are answered. */
  committed: (items: readonly Item[]) => void;
}

interface Entry {
  readonly item: Item;
  readonly settled: Promise<void>;
  readonly resolve: () => void;
  readonly reject: (error: StoreError) => void;
}

/**
 * The one writer: while a batch is being synced, items queue and share the next. It knows every item
 * that is on its way to the disk, so that none is written twice.
 */
export class GroupCommit {
  readonly #init: GroupCommitInit;
  /** All items not yet durable, in the order of arrival; the running batch comes first. */
  readonly #pending = new Map<string, Entry>();
  #pendingBytes = 0;
  #batchItems = 0;
  #batchBytes = 0;
  #running = false;
  #failure: StoreError | null = null;
  #roomWanted: (() => void)[] = [];

  constructor(init: GroupCommitInit) {
    this.#init = init;
  }

  /** Why nothing more can be written, or null. */
  get failure(): StoreError | null {
    return this.#failure;
  }

  /** Payload bytes on their way to the disk. */
  get pendingBytes(): number {
    return this.#pendingBytes;
  }

  /** When the item is on its way to the disk: settles with the batch that holds it. */
  pending(id: Uint8Array): Promise<void> | undefined {
    return this.#pending.get(bytesToKey(id))?.settled;
  }

  /** Resolves once the queue takes more, or once it never will. */
  async room(): Promise<void> {
    while (this.#failure === null && !this.#hasRoom()) {
      await new Promise<void>((resolve) => this.#roomWanted.push(resolve));
    }
  }

  /** Queues an item that is neither held nor pending; settles once its batch is, or is not, on disk. */
  add(item: Item): Promise<void> {
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    this.#pending.set(bytesToKey(item.id), { item, settled: promise, resolve, reject });
    this.#pendingBytes += item.payload.length;
    if (!this.#running) {
      this.#running = true;
      queueMicrotask(() => void this.#run());
    }
    return promise;
  }

  #hasRoom(): boolean {
    const { maxQueuedItems, maxQueuedBytes } = this.#init.limits;
    const queuedItems = this.#pending.size - this.#batchItems;
    return queuedItems < maxQueuedItems && this.#pendingBytes - this.#batchBytes < maxQueuedBytes;
  }

  async #run(): Promise<void> {
    while (this.#pending.size > 0 && this.#failure === null) {
      const batch = this.#nextBatch();
      const items = batch.map((entry) => entry.item);
      this.#batchItems = items.length;
      this.#batchBytes = totalBytes(items);
      this.#wake();
      try {
        await this.#init.write(items);
      } catch (error) {
        this.#fail(error);
        break;
      }
      this.#finish(batch);
    }
    this.#running = false;
  }

  #nextBatch(): Entry[] {
    const { maxBatchItems, maxBatchBytes } = this.#init.limits;
    const batch: Entry[] = [];
    let bytes = 0;
    for (const entry of this.#pending.values()) {
      bytes += entry.item.payload.length;
      if (batch.length > 0 && (batch.length >= maxBatchItems || bytes > maxBatchBytes)) break;
      batch.push(entry);
    }
    return batch;
  }

  #finish(batch: readonly Entry[]): void {
    for (const { item } of batch) this.#pending.delete(bytesToKey(item.id));
    this.#pendingBytes -= this.#batchBytes;
    this.#batchItems = 0;
    this.#batchBytes = 0;
    this.#init.committed(batch.map((entry) => entry.item));
    for (const entry of batch) entry.resolve();
    this.#wake();
  }

  /** What is on disk now is unknown, so everything behind the failed batch falls with it. */
  #fail(cause: unknown): void {
    const reason = cause instanceof Error ? cause.message : String(cause);
    this.#failure = new StoreError(
      'STORE_WRITE_FAILED',
      `the database did not take a commit (${reason}): nothing more is written until it is opened ` +
        'again; look after the disk, then restart',
      { cause },
    );
    for (const entry of this.#pending.values()) entry.reject(this.#failure);
    this.#pending.clear();
    this.#pendingBytes = 0;
    this.#batchItems = 0;
    this.#batchBytes = 0;
    this.#wake();
  }

  #wake(): void {
    const waiting = this.#roomWanted;
    this.#roomWanted = [];
    for (const resolve of waiting) resolve();
  }
}

export function totalBytes(items: readonly Item[]): number {
  return items.reduce((sum, item) => sum + item.payload.length, 0);
}
