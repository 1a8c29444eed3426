import type { BulkPace } from '../../environment.ts';
import { Gate } from '../../gate.ts';
import { invariant } from '../../invariant.ts';
import type { Item } from '../../item.ts';
import type { SourceRun } from '../durable-set/index.ts';
import type { ReplicaLimits } from '../options.ts';
import { notWritten } from '../store-errors.ts';
import { IdMap } from './id-map.ts';

export interface GroupCommitInit {
  limits: Pick<
    ReplicaLimits,
    'maxQueuedBytes' | 'maxQueuedItems' | 'maxBatchBytes' | 'maxBatchItems'
  >;
  /** Items in a commit that has any of peers: callers here wait as long as it takes. */
  peerItems: () => number;
  /**
   * Gives the turns of the event loop in which batches of peers are written.
   * @default they wait for none
   */
  bulk?: Pick<BulkPace, 'turn'> | undefined;
  /** Writes items in one atomic batch; resolves once they are on disk and visible. */
  write: (items: readonly Item[], sources: readonly SourceRun[]) => Promise<void>;
}

/** Items of callers here come before those that peers bring. */
export type PutLine = 'own' | 'peers';

/** Microtask turns between an answer and the next batch, so that callers that put again share it. */
const TURNS = 16;

/** From either bound on, a batch is large. */
const LARGE_ITEMS = 256;
const LARGE_BYTES = 1024 * 1024;

/** Items that are written together, and whose callers are answered together. */
interface CommitBatch extends PromiseWithResolvers<void> {
  readonly items: Item[];
  /** Where they came from. */
  readonly sources: SourceRun[];
  /** Made for items of callers here, before items of peers. */
  readonly own: boolean;
  bytes: number;
  /** No caller here waits for it: it can await its turn. */
  patient: boolean;
  /** An own batch was put before it, once. */
  passed: boolean;
}

/**
 * The queue before the one writer: while a batch is being synced, items gather in the next batches. It
 * knows every item on its way to the disk, so that no item is written twice.
 */
export class GroupCommit {
  readonly #init: GroupCommitInit;
  readonly #pending = new IdMap<CommitBatch>();
  #queue: CommitBatch[] = [];
  readonly #running = new Set<CommitBatch>();
  /** Calls wait here for room, one after the other: own calls, and those with items of peers. */
  readonly #lines: Record<PutLine, Promise<unknown>> = {
    own: Promise.resolve(),
    peers: Promise.resolve(),
  };
  /** Calls in each line: while there are any, more items are about to come. */
  readonly #waiting: Record<PutLine, number> = { own: 0, peers: 0 };
  /** `#pump` is due in this turn: all items until then share a batch. */
  #pumping = false;
  /** For the next batch of peers. */
  #turn: 'none' | 'awaited' | 'here' = 'none';
  readonly #room = new Gate();

  constructor(init: GroupCommitInit) {
    this.#init = init;
  }

  /** Items on their way to the disk. */
  get pendingItems(): number {
    return this.#pending.size;
  }

  /** Payload bytes on their way to the disk. */
  get pendingBytes(): number {
    return byteCount(this.#running) + byteCount(this.#queue);
  }

  /** Settles with the batch that holds the item; undefined if it is not on its way to the disk. */
  pending(id: Uint8Array): Promise<void> | undefined {
    return this.#pending.get(id)?.promise;
  }

  /**
   * Calls `add`, which may add items, once `ready` has resolved and the queue has room: at once if there is
   * nothing to wait for. Calls of a line keep their order: a small call must not pass a large call that waits
   * for room.
   *
   * @param ready Null: there is nothing to wait for.
   */
  enter<Result>(
    line: PutLine,
    ready: () => Promise<void> | null,
    add: () => Result,
  ): Result | Promise<Result> {
    if (this.#waiting[line] > 0 || !this.#hasRoom() || ready() !== null) {
      return this.#lineUp(line, ready, add);
    }
    this.start();
    return add();
  }

  #lineUp<Result>(
    line: PutLine,
    ready: () => Promise<void> | null,
    add: () => Result,
  ): Promise<Result> {
    this.#waiting[line]++;
    const turn = this.#lines[line].then(async () => {
      try {
        await ready();
        await this.#room.until(() => this.#hasRoom());
        return add();
      } finally {
        this.#waiting[line]--;
        this.start();
      }
    });
    this.#lines[line] = turn.catch(() => undefined);
    return turn;
  }

  /**
   * Queues items that are neither held nor pending, each once; own items before those of peers. Returns
   * the promises of their batches.
   *
   * @param source The peer that they came from. @default they were put here
   */
  add(line: PutLine, items: readonly Item[], source: string | null = null): Promise<void>[] {
    const promises: Promise<void>[] = [];
    for (const item of items) {
      const isNew = this.#pending.get(item.id) === undefined;
      invariant(isNew, 'commit', 'ID_PENDING_TWICE', item.hint);
      const batch = this.#batchFor(item, line === 'own');
      if (line === 'own') batch.patient = false;
      if (batch.sources.at(-1)?.source !== source)
        batch.sources.push({ from: batch.items.length, source });
      batch.items.push(item);
      batch.bytes += item.payload.length;
      this.#pending.add(item.id, batch);
      if (promises.at(-1) !== batch.promise) promises.push(batch.promise);
    }
    return promises;
  }

  /** Begins to write the added items, once the caller is through. */
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
    const queuedItems = this.#queue.reduce((sum, { items }) => sum + items.length, 0);
    return queuedItems < maxQueuedItems && byteCount(this.#queue) < maxQueuedBytes;
  }

  /** An own batch passes batches of peers, but each of them once: these must not wait for ever. */
  #batchFor(item: Item, own: boolean): CommitBatch {
    const queue = this.#queue;
    const at = own ? queue.findLastIndex((one) => one.own || one.passed) : queue.length - 1;
    const begun = own ? (queue.findLast((one) => one.own) ?? queue[Math.max(0, at)]) : queue[at];
    if (begun !== undefined && this.#fits(begun, item, own)) return begun;
    const empty = { items: [], sources: [], own, bytes: 0, patient: !own, passed: false };
    const batch = { ...empty, ...Promise.withResolvers<void>() };
    // A failure that no caller waits for is no unhandled rejection.
    batch.promise.catch(() => undefined);
    queue.splice(at + 1, 0, batch);
    const next = queue[at + 2];
    if (next !== undefined) next.passed = true;
    return batch;
  }

  #fits({ items, bytes }: CommitBatch, { payload }: Item, own: boolean): boolean {
    const { limits, peerItems } = this.#init;
    const { maxBatchItems, maxBatchBytes } = limits;
    const most = own ? maxBatchItems : Math.min(maxBatchItems, peerItems());
    return items.length < most && bytes + payload.length <= maxBatchBytes;
  }

  #pump(): void {
    for (let batch = this.#next(); batch !== undefined; batch = this.#next()) {
      if (batch.patient && !this.#isWaitedFor() && !this.#takeTurn()) break;
      this.#queue.shift();
      this.#running.add(batch);
      invariant(this.#running.size <= 2, 'process', 'WRITERS', this.#running.size);
      void this.#write(batch);
    }
    this.#room.recheck();
  }

  /** A large batch is prepared while another batch is being synced; a small batch waits for more items. */
  #next(): CommitBatch | undefined {
    const [batch] = this.#queue;
    if (batch === undefined || this.#running.size > 1) return undefined;
    const { own, peers } = this.#waiting;
    if (own + peers > 0 && this.#hasRoom()) return undefined;
    const large = batch.items.length >= LARGE_ITEMS || batch.bytes >= LARGE_BYTES;
    return this.#running.size === 0 || large ? batch : undefined;
  }

  /** Whether callers here wait behind batches of peers that own batches have passed already. */
  #isWaitedFor(): boolean {
    return this.#queue.some(({ patient }) => !patient);
  }

  /** Own batches may pass while a batch of peers awaits its turn. */
  #takeTurn(): boolean {
    const { bulk } = this.#init;
    if (bulk === undefined) return true;
    const isHere = this.#turn === 'here';
    if (isHere) this.#turn = 'none';
    else if (this.#turn === 'none') {
      this.#turn = 'awaited';
      void bulk.turn().then(() => {
        this.#turn = 'here';
        this.#pump();
        if (this.#turn === 'here') this.#turn = 'none';
      });
    }
    return isHere;
  }

  async #write(batch: CommitBatch): Promise<void> {
    try {
      await this.#init.write(batch.items, batch.sources);
      this.#forget(batch);
      batch.resolve();
    } catch (error) {
      this.#fail(batch, error);
    }
    this.#running.delete(batch);
    for (let turn = 0; turn < TURNS; turn++) await undefined;
    this.#pump();
  }

  /** Batches behind a failed batch fail too: there is no saying how long they would have to wait. */
  #fail(batch: CommitBatch, error: unknown): void {
    this.#forget(batch);
    batch.reject(error);
    for (const queued of this.#queue) {
      this.#forget(queued);
      queued.reject(notWritten(error));
    }
    this.#queue = [];
  }

  #forget(batch: CommitBatch): void {
    for (const { id } of batch.items) this.#pending.delete(id);
  }
}

function byteCount(batches: Iterable<CommitBatch>): number {
  let bytes = 0;
  for (const batch of batches) bytes += batch.bytes;
  return bytes;
}
