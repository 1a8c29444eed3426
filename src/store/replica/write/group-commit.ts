import { Gate } from '../../gate.ts';
import type { Item } from '../../item.ts';
import type { ReplicaLimits } from '../options.ts';
import { notWritten } from '../store-errors.ts';
import { IdMap } from './id-map.ts';

/** Writes the items in one atomic batch and makes them visible; resolves once that is done. */
export interface BatchWriter {
  write(items: readonly Item[]): Promise<void>;
}

export interface GroupCommitInit {
  limits: Pick<
    ReplicaLimits,
    'maxQueuedBytes' | 'maxQueuedItems' | 'maxBatchBytes' | 'maxBatchItems'
  >;
  writer: BatchWriter;
}

/**
 * Turns of the microtask queue left to callers that were answered, before the next batch is begun:
 * those who put again at once share it, instead of missing it by a hair each time.
 */
const TURNS = 16;

/** What makes a batch large. */
const LARGE_ITEMS = 256;
const LARGE_BYTES = 1024 * 1024;

/** Items that are written together, and whose callers are answered together. */
interface CommitBatch {
  readonly items: Item[];
  bytes: number;
  readonly settled: Promise<void>;
  readonly resolve: () => void;
  readonly reject: (error: unknown) => void;
}

/**
 * The queue before the one writer: while a batch is being synced, items gather in the next ones. It
 * knows every item that is on its way to the disk, so that none is written twice.
 */
export class GroupCommit {
  readonly #init: GroupCommitInit;
  /** The batch of each item that is not yet durable. */
  readonly #pending = new IdMap<CommitBatch>();
  #queue: CommitBatch[] = [];
  #pendingBytes = 0;
  #queuedItems = 0;
  #queuedBytes = 0;
  /** Batches being worked out or written. */
  #running = 0;
  /** Calls wait here for room, one after the other. */
  #line: Promise<unknown> = Promise.resolve();
  /** Calls in the line: while there are any, more items are about to come. */
  #waiting = 0;
  /** A look at the queue is about to be taken: whatever comes until then shares a batch. */
  #pumping = false;
  readonly #room = new Gate();

  constructor(init: GroupCommitInit) {
    this.#init = init;
  }

  /** Payload bytes on their way to the disk. */
  get pendingBytes(): number {
    return this.#pendingBytes;
  }

  /** When the item is on its way to the disk: settles with the batch that holds it. */
  pending(id: Uint8Array): Promise<void> | undefined {
    return this.#pending.get(id)?.settled;
  }

  /**
   * Calls `add`, which may add items, once the queue has room and `ready` has resolved. First come, first
   * served: a small call must not pass a large one that waits for room.
   */
  enter<Result>(ready: () => Promise<void>, add: () => Result): Promise<Result> {
    this.#waiting++;
    const turn = this.#line.then(async () => {
      try {
        await ready();
        await this.#room.until(() => this.#hasRoom());
        return add();
      } finally {
        this.#waiting--;
        this.start();
      }
    });
    this.#line = turn.catch(() => undefined);
    return turn;
  }

  /** Queues items that are neither held nor pending, each once; what they wait for. */
  add(items: readonly Item[]): Promise<void>[] {
    const batches = new Set<CommitBatch>();
    for (const item of items) {
      const batch = this.#batchFor(item);
      batch.items.push(item);
      batch.bytes += item.payload.length;
      this.#queuedBytes += item.payload.length;
      this.#pendingBytes += item.payload.length;
      this.#pending.add(item.id, batch);
      batches.add(batch);
    }
    this.#queuedItems += items.length;
    return [...batches].map((batch) => batch.settled);
  }

  /** Begins to write what was added, once the caller is through. */
  start(): void {
    if (this.#pumping) return;
    this.#pumping = true;
    queueMicrotask(() => {
      this.#pumping = false;
      this.#pump();
    });
  }

  #hasRoom(): boolean {
    const { maxQueuedItems, maxQueuedBytes } = this.#init.limits;
    return this.#queuedItems < maxQueuedItems && this.#queuedBytes < maxQueuedBytes;
  }

  #batchFor(item: Item): CommitBatch {
    const { maxBatchItems, maxBatchBytes } = this.#init.limits;
    const last = this.#queue.at(-1);
    const fits = last !== undefined && last.bytes + item.payload.length <= maxBatchBytes;
    if (fits && last.items.length < maxBatchItems) return last;
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    // Whoever waits for it hears of a failure; that nobody may is no failure of its own.
    promise.catch(() => undefined);
    const batch = { items: [], bytes: 0, settled: promise, resolve, reject };
    this.#queue.push(batch);
    return batch;
  }

  #pump(): void {
    for (let batch = this.#next(); batch !== undefined; batch = this.#next()) {
      this.#queue.shift();
      this.#queuedItems -= batch.items.length;
      this.#queuedBytes -= batch.bytes;
      this.#running++;
      void this.#write(batch);
    }
    this.#room.recheck();
  }

  /** A large batch is worked out while the one before it is being synced; a small one waits for more. */
  #next(): CommitBatch | undefined {
    const [batch] = this.#queue;
    if (batch === undefined || this.#running > 1) return undefined;
    if (this.#hasRoom() && this.#waiting > 0) return undefined;
    const large = batch.items.length >= LARGE_ITEMS || batch.bytes >= LARGE_BYTES;
    return this.#running === 0 || large ? batch : undefined;
  }

  async #write(batch: CommitBatch): Promise<void> {
    try {
      await this.#init.writer.write(batch.items);
      this.#forget(batch);
      batch.resolve();
    } catch (error) {
      this.#fail(batch, error);
    }
    this.#running--;
    for (let turn = 0; turn < TURNS; turn++) await undefined;
    this.#pump();
  }

  /** What was queued behind a batch that failed would have to wait for nobody knows how long. */
  #fail(batch: CommitBatch, error: unknown): void {
    this.#forget(batch);
    batch.reject(error);
    for (const queued of this.#queue) {
      this.#forget(queued);
      queued.reject(notWritten(error));
    }
    this.#queue = [];
    this.#queuedItems = 0;
    this.#queuedBytes = 0;
  }

  #forget(batch: CommitBatch): void {
    for (const { id } of batch.items) this.#pending.delete(id);
    this.#pendingBytes -= batch.bytes;
  }
}
