import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { databaseCare } from '../../../src/daemon/files/index.ts';
import {
  type Database,
  type DatabaseCare,
  type NewItem,
  openDatabase,
  Replica,
  type ReplicaInit,
  StoreError,
} from '../../../src/store/index.ts';
import { cleanUp } from '../../support/clean-up.ts';
import { VirtualClock } from '../../support/clock.ts';
import { DiskWork } from '../../support/disk-work.ts';
import { FakeDisk } from '../../support/fake-disk.ts';
import { wideSum } from '../../support/wide-sum.ts';

/** A directory that goes with the test. */
export async function temporaryDirectory(t: TestContext): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), 'rangemesh-store-'));
  cleanUp(t, () => rm(directory, { recursive: true, force: true }));
  return directory;
}

/** A replica over real LevelDB in `directory`, closed after the test. */
export async function openReplica(
  t: TestContext,
  directory: string,
  init: Partial<ReplicaInit> = {},
): Promise<Replica> {
  const database = init.database ?? (await openWatched(directory));
  const replica = await Replica.open({
    clock: new VirtualClock(),
    disk: new FakeDisk(),
    scheme: wideSum,
    ...init,
    database,
  });
  cleanUp(t, () => replica.close());
  return replica;
}

/** A replica that can open the database in `directory` again by itself, closed after the test. */
export async function openAgain(
  t: TestContext,
  directory: string,
  init: Partial<ReplicaInit>,
): Promise<Replica> {
  const replica = await Replica.open({
    ...(init.database === undefined ? { open: () => openWatched(directory) } : {}),
    clock: new VirtualClock(),
    disk: new FakeDisk(),
    scheme: wideSum,
    ...init,
  });
  cleanUp(t, () => replica.close());
  return replica;
}

/** The work of all databases that tests have opened by `openWatched`. */
const diskWork = new DiskWork();

/** Opens the database in `directory`; `pass` waits for what it does. */
export function openWatched(directory: string): Promise<Database> {
  return diskWork.open(openDatabase(directory));
}

/** Looks after the files of the database in a data directory; `pass` waits for what that does. */
export function watchedCare(dataDir: string): DatabaseCare {
  return diskWork.care(databaseCare(dataDir));
}

/** Lets virtual time pass, and databases end what they are doing, until something is done. */
export async function pass(clock: VirtualClock, done: () => boolean): Promise<void> {
  for (let i = 0; !done(); i++) {
    assert.ok(i < 5_000, 'it takes too long');
    await tick(clock);
  }
}

/** Lets 100 ms of virtual time pass, and databases end what they are doing before and after. */
export async function tick(clock: VirtualClock): Promise<void> {
  await diskWork.idle();
  await clock.advance(100);
  await diskWork.idle();
}

export interface Gate {
  /** Items in each batch that reached the database, in order; 0 for one that brings none. */
  readonly batches: number[];
  /** Lets waiting and later batches through. */
  open(): void;
  /** Lets waiting and later batches fail, the first of them after it was written when so wanted. */
  fail(error: Error): void;
}

/** Holds back the batches of a database until told otherwise. */
export function gateBatches(database: Database): Gate {
  const batches: number[] = [];
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  promise.catch(() => undefined);
  tapBatches(database, async (operations, write) => {
    batches.push(operations.filter(isItem).length);
    await promise;
    await write();
  });
  return { batches, open: resolve, fail: reject };
}

/** One operation of a batch; `value` is null when the record is deleted. */
export interface SeenOperation {
  readonly key: Uint8Array;
  readonly value: Uint8Array | null;
}

/** Has `handle` decide about every batch on its way to the database. */
export function tapBatches(
  database: Database,
  handle: (operations: SeenOperation[], write: () => Promise<void>) => Promise<void>,
): void {
  const begin = database.batch.bind(database) as unknown as () => ChainedBatch;
  const tapped = (): ChainedBatch => {
    const batch = begin();
    const operations: SeenOperation[] = [];
    const write = batch.write.bind(batch);
    const put = batch.put.bind(batch);
    const del = batch.del.bind(batch);
    batch.put = (key, value) => {
      operations.push({ key, value });
      return put(key, value);
    };
    batch.del = (key) => {
      operations.push({ key, value: null });
      return del(key);
    };
    batch.write = (options) => handle(operations, () => write(options));
    return batch;
  };
  database.batch = tapped as unknown as Database['batch'];
}

interface ChainedBatch {
  put(key: Uint8Array, value: Uint8Array): this;
  del(key: Uint8Array): this;
  write(options?: object): Promise<void>;
}

const ITEM_PREFIX = new TextEncoder().encode('set/p');

function isItem({ key, value }: SeenOperation): boolean {
  return value !== null && ITEM_PREFIX.every((byte, i) => key[i] === byte);
}

export function item(number: number, bytes = 20): NewItem {
  const payload = new Uint8Array(bytes);
  new DataView(payload.buffer).setUint32(0, number);
  return { hint: BigInt(number), payload };
}

export function items(count: number): NewItem[] {
  return Array.from({ length: count }, (_, i) => item(i));
}

/** For `assert.rejects`: a store error with this code and a sentence. */
export function coded(code: string): (error: unknown) => boolean {
  return (error) => error instanceof StoreError && error.code === code && error.message.length > 20;
}
