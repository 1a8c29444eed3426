import { bytesToKey } from '../../bytes.ts';
import { checkList } from '../../checks.ts';
import type { Clock } from '../../environment.ts';
import { checkId, ID_BYTES } from '../../item.ts';
import { behind, type Database, passOver, tryHasMany, tryRead, walk } from '../../level/index.ts';
import type { Committer } from '../commit/index.ts';
import { encodeRefused, type RefusedBy, refusedIn, type SetKeys } from '../records/index.ts';
import type { SetChanges } from '../set-changes.ts';
import { checkReason, tooMany } from './checks.ts';
import { type DropCommit, dropCommit } from './drop-commit.ts';
import { DroppedIds, type DroppedPlace } from './dropped-ids.ts';
import { KeptOutIds } from './kept-out-ids.ts';
import type { NewRefusal, Refusals, RefusedAdded, RefusedItem, RefusedListInit } from './types.ts';

/** Most ids kept out, by origin. Raising a limit costs about 100 bytes of memory for each id. */
export type RefusalLimits = Readonly<Record<RefusedBy, number>>;

const LIMITS: RefusalLimits = { operator: 1_000_000, policy: 131_072 };

export interface RefusalStoreInit {
  keys: SetKeys;
  clock: Clock;
  committer: Committer;
  changes: Pick<SetChanges, 'dropped'>;
  /** Resolves once none of these ids is on its way to the disk. */
  written: (ids: readonly Uint8Array[]) => Promise<void>;
  /** @default 1,000,000 of operators, 131,072 of policies */
  limits?: RefusalLimits;
}

/** Ids in one commit: their items lie all over the tree. */
const TOGETHER = 256;

/** The items that are kept out, on disk and in memory. Changes follow each other. */
export class RefusalStore implements Refusals {
  readonly #init: RefusalStoreInit;
  readonly #ids = new KeptOutIds();
  /** Items that come back get the places that they had. */
  readonly dropped: DroppedIds = new DroppedIds();
  #turn: Promise<unknown> = Promise.resolve();

  constructor(init: RefusalStoreInit) {
    this.#init = init;
  }

  has(id: Uint8Array): boolean {
    return this.#ids.has(id);
  }

  get counts(): Readonly<Record<RefusedBy, number>> {
    return this.#ids.counts;
  }

  /** Whether an item has left the set because it was refused, and has not come back. */
  departed(id: Uint8Array): boolean {
    return this.has(id) || this.dropped.has(id);
  }

  get(id: Uint8Array): RefusedItem | undefined {
    checkId(id);
    if (this.#ids.by(id) === null) return undefined;
    const { keys, committer } = this.#init;
    return refusedItem(id, tryRead(committer.lifecycle.database, keys.refused(id)));
  }

  async add(items: readonly NewRefusal[], by: RefusedBy, reason: string): Promise<RefusedAdded> {
    checkList(items, 'ids with hints');
    for (const item of items) checkId(item?.id);
    checkReason(reason);
    return this.#inTurn(() => this.#add(items, by, reason));
  }

  async remove(ids: readonly Uint8Array[]): Promise<number> {
    checkList(ids, 'ids');
    for (const id of ids) checkId(id);
    return this.#inTurn(() => this.#remove(ids));
  }

  async list({ after, limit }: RefusedListInit): Promise<RefusedItem[]> {
    const { keys, committer } = this.#init;
    const { gte, lt } = keys.refusedItems;
    const range = { gte: after === undefined ? gte : behind(keys.refused(after)), lt };
    const database = await committer.lifecycle.reader();
    const found: RefusedItem[] = [];
    for await (const records of walk(database, range, { records: limit, unreadable: passOver })) {
      for (const [key, value] of records) {
        const item = refusedItem(key.slice(-ID_BYTES), value);
        if (item !== undefined) found.push(item);
        if (found.length === limit) return found;
      }
    }
    return found;
  }

  /** Reads all ids. Items that are held though they are refused, as after a repair, are dropped later. */
  async load(database: Database): Promise<void> {
    const { keys } = this.#init;
    const policy: { id: Uint8Array; at: number; by: RefusedBy; hint: bigint | null }[] = [];
    this.#ids.clear();
    this.dropped.clear();
    for await (const page of walk(database, keys.refusedItems, { unreadable: passOver })) {
      for (const [key, value] of page) {
        const id = key.slice(-ID_BYTES);
        const { by = null, at = 0, hint = null, seq } = refusedIn(value) ?? {};
        if (by === null) this.dropped.note(id, { seq: seq ?? 0, hint });
        else if (by === 'policy') policy.push({ id, at, by, hint });
        else this.#ids.note({ id, by, hint });
      }
    }
    for (const item of policy.sort((a, b) => a.at - b.at)) this.#ids.note(item);
    // If it fails, the next opening does it.
    this.#inTurn(() => this.#dropHeld()).catch(() => undefined);
  }

  /**
   * Forgets items below the floor that a policy refused, or that were let in again: the floor keeps them out.
   * What an operator refused stays listed.
   */
  pruned(below: bigint): Promise<void> {
    return this.#inTurn(async () => {
      const old = [...this.#ids.policyBelow(below), ...this.dropped.below(below)];
      for (let begin = 0; begin < old.length; begin += TOGETHER) {
        await this.#forget(old.slice(begin, begin + TOGETHER));
      }
    });
  }

  /** Resolves once all changes under way are on disk, or have failed. */
  async settled(): Promise<void> {
    await this.#turn;
  }

  #inTurn<Result>(work: () => Promise<Result>): Promise<Result> {
    const done = this.#turn.then(work);
    this.#turn = done.catch(() => undefined);
    return done;
  }

  async #add(items: readonly NewRefusal[], by: RefusedBy, reason: string): Promise<RefusedAdded> {
    const { clock, limits = LIMITS } = this.#init;
    const fresh = this.#fresh(items, by).map(({ id, hint = null }): RefusedItem => {
      return { id: new Uint8Array(id), at: clock.now(), by, hint, reason };
    });
    const count = this.counts[by] + fresh.length;
    if (by === 'operator' && count > limits[by]) throw tooMany(count, limits[by]);
    const added = fresh.filter(({ id }) => !this.has(id)).length;
    let dropped = 0;
    for (let begin = 0; begin < fresh.length; begin += TOGETHER) {
      dropped += await this.#keepOut(fresh.slice(begin, begin + TOGETHER));
    }
    const beyond = this.#ids.beyond(limits.policy);
    if (beyond.length > 0) await this.#remove(beyond);
    return { added, dropped };
  }

  /** Each id once. An operator's word stands above that of a policy. */
  #fresh(items: readonly NewRefusal[], by: RefusedBy): NewRefusal[] {
    const byKey = new Map(items.map((item) => [bytesToKey(item.id), item]));
    return [...byKey.values()].filter(({ id }) => {
      const before = this.#ids.by(id);
      return before === null || (before === 'policy' && by === 'operator');
    });
  }

  /** Returns the number of items that were dropped. */
  #keepOut(items: readonly RefusedItem[]): Promise<number> {
    const ids = items.map(({ id }) => id);
    return this.#ids.entering(ids, async () => {
      await this.#init.written(ids);
      let dropped = 0;
      for (let left = items; left.length > 0; ) {
        const part = await this.#drop(left);
        const { rest } = part;
        const taken = rest.length === 0 ? left : left.filter((item) => !rest.includes(item));
        for (const item of taken) this.#ids.note(item);
        this.dropped.returned(taken);
        if (part.dropped.length > 0) this.#init.changes.dropped(part.dropped);
        dropped += part.dropped.length;
        left = rest;
      }
      return dropped;
    });
  }

  async #drop(items: readonly RefusedItem[]): Promise<DropCommit> {
    const { committer, keys } = this.#init;
    let part!: DropCommit;
    await committer.commit((set) => {
      const { database } = committer.lifecycle;
      part = dropCommit({ database, keys, set }, items);
      return part.commit;
    });
    return part;
  }

  async #remove(ids: readonly Uint8Array[]): Promise<number> {
    const unique = new Map(ids.map((id) => [bytesToKey(id), new Uint8Array(id)]));
    const refused = [...unique.values()].filter((id) => this.has(id));
    for (let begin = 0; begin < refused.length; begin += TOGETHER) {
      await this.#letIn(refused.slice(begin, begin + TOGETHER));
    }
    return refused.length;
  }

  async #letIn(ids: readonly Uint8Array[]): Promise<void> {
    const { committer, keys } = this.#init;
    const places = new Map<Uint8Array, DroppedPlace>();
    await committer.commit((set) => {
      const { database } = committer.lifecycle;
      return set.write((sink) => {
        for (const id of ids) {
          const key = keys.refused(id);
          const record = refusedIn(tryRead(database, key));
          if (record === null || record.seq === null) sink.del(key);
          else {
            sink.put(key, encodeRefused({ ...record, by: null, reason: '' }));
            places.set(id, { seq: record.seq, hint: record.hint });
          }
        }
      });
    });
    for (const id of ids) this.#ids.delete(id);
    for (const [id, place] of places) this.dropped.note(id, place);
  }

  async #forget(ids: readonly Uint8Array[]): Promise<void> {
    const { committer, keys } = this.#init;
    await committer.commit((set) =>
      set.write((sink) => {
        for (const id of ids) sink.del(keys.refused(id));
      }),
    );
    for (const id of ids) this.#ids.delete(id);
    this.dropped.returned(ids.map((id) => ({ id })));
  }

  async #dropHeld(): Promise<void> {
    const { committer, keys } = this.#init;
    for (const ids of this.#ids.pages(TOGETHER)) {
      await committer.settled();
      const { database } = committer.lifecycle;
      const held = await tryHasMany(
        database,
        ids.map((id) => keys.id(id)),
      );
      const items = ids.flatMap((id, i) => (held[i] ? (this.get(id) ?? []) : []));
      if (items.length > 0) await this.#keepOut(items);
    }
  }
}

/** Undefined for an item that is let in again. */
function refusedItem(id: Uint8Array, found: ReturnType<typeof tryRead>): RefusedItem | undefined {
  const record = refusedIn(found);
  if (record === null || record.by === null) return undefined;
  const { at, by, hint, reason } = record;
  return { id: new Uint8Array(id), at, by, hint, reason };
}
