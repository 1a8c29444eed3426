import { bytesToKey } from '../../bytes.ts';
import { checkList } from '../../checks.ts';
import type { Clock } from '../../environment.ts';
import { checkId, type ItemKey } from '../../item.ts';
import { type Database, tryHasMany, tryRead } from '../../level/index.ts';
import type { Committer } from '../commit/index.ts';
import { encodeRefused, type RefusedBy, refusedIn, type SetKeys } from '../records/index.ts';
import type { SetChanges } from '../set-changes.ts';
import { checkReason, LIMITS, type RefusalLimits, tooMany } from './checks.ts';
import { type DropCommit, dropCommit } from './drop-commit.ts';
import { DroppedIds, type DroppedPlace } from './dropped-ids.ts';
import { KeptOutIds } from './kept-out-ids.ts';
import { noteCommit } from './note-commit.ts';
import { PolicyNotes } from './policy-notes.ts';
import { type IdRecord, readPage, readRecords, refusedItem } from './read-records.ts';
import type {
  NewRefusal,
  PolicyRefusal,
  Refusals,
  RefusedAdded,
  RefusedItem,
  RefusedListInit,
} from './types.ts';

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

/** The refused items, on disk and in memory. Changes follow each other. */
export class RefusalStore implements Refusals {
  readonly #init: RefusalStoreInit;
  readonly #ids = new KeptOutIds();
  readonly #notes = new PolicyNotes();
  /** Items that come back get the places that they had. */
  readonly dropped: DroppedIds = new DroppedIds();
  #turn: Promise<unknown> = Promise.resolve();

  constructor(init: RefusalStoreInit) {
    this.#init = init;
  }

  has(id: Uint8Array): boolean {
    return this.#ids.has(id);
  }

  hasFrom(source: string, id: Uint8Array): boolean {
    return this.has(id) || this.#notes.hasFrom(source, id);
  }

  get counts(): Readonly<Record<RefusedBy, number>> {
    return { operator: this.#ids.size, policy: this.#notes.size };
  }

  /** Whether an item has left the set because it was refused, and has not come back. */
  departed(id: Uint8Array): boolean {
    return this.has(id) || this.dropped.has(id);
  }

  get(id: Uint8Array): RefusedItem | undefined {
    checkId(id);
    if (!this.#isRecorded(id)) return undefined;
    const { keys, committer } = this.#init;
    return refusedItem(id, tryRead(committer.lifecycle.database, keys.refused(id)));
  }

  async add(items: readonly NewRefusal[], reason: string): Promise<RefusedAdded> {
    checkList(items, 'ids with hints');
    for (const item of items) checkId(item?.id);
    checkReason(reason);
    return this.#inTurn(() => this.#add(items, reason));
  }

  async note(items: readonly PolicyRefusal[]): Promise<void> {
    checkList(items, 'refusals of a policy');
    for (const { id, reason } of items) {
      checkId(id);
      checkReason(reason);
    }
    return this.#inTurn(() => this.#note(items));
  }

  async remove(ids: readonly Uint8Array[]): Promise<number> {
    checkList(ids, 'ids');
    for (const id of ids) checkId(id);
    return this.#inTurn(() => this.#remove(ids));
  }

  async list(page: RefusedListInit): Promise<RefusedItem[]> {
    const { keys, committer } = this.#init;
    const database = await committer.lifecycle.reader();
    return readPage(database, keys, { ...page, counts: (id) => this.#isRecorded(id) });
  }

  /** Reads all ids. Items that are held though they are refused, as after a repair, are dropped later. */
  async load(database: Database): Promise<void> {
    const { keys } = this.#init;
    const noted: IdRecord[] = [];
    const unmarked: Uint8Array[] = [];
    this.#ids.clear();
    this.#notes.clear();
    this.dropped.clear();
    await readRecords(database, keys, (record) => {
      const { id, by, hint, seq, marks } = record;
      if (by === 'operator') this.#ids.note(id);
      else if (marks.length > 0) noted.push(record);
      // Also an item that a policy dropped, before refusals had sources.
      else if (by === null || seq !== null) this.dropped.note(id, { seq: seq ?? 0, hint });
      else unmarked.push(id);
    });
    noted.sort((a, b) => a.at - b.at);
    for (const { id, hint, marks } of noted) this.#notes.load(id, hint, marks);
    // If it fails, the next opening does it.
    this.#inTurn(async () => {
      await this.#forgetAll(unmarked);
      await this.#dropHeld();
    }).catch(() => undefined);
  }

  /**
   * Forgets items below the floor that a policy refused, or that were let in again: the floor keeps them out.
   * What an operator refused stays listed.
   */
  pruned(below: bigint): Promise<void> {
    return this.#inTurn(() =>
      this.#forgetAll([...this.#notes.below(below), ...this.dropped.below(below)]),
    );
  }

  /** The keys of the records of items that are about to be stored. */
  recordsOf(items: readonly Pick<ItemKey, 'id'>[]): Uint8Array[] {
    const { keys } = this.#init;
    const noted = this.#notes.size === 0 ? [] : items.filter(({ id }) => this.#notes.has(id));
    return [...noted, ...this.dropped.among(items)].map(({ id }) => keys.refused(id));
  }

  /** These items are stored: they are neither dropped nor refused from any source. */
  returned(items: readonly Pick<ItemKey, 'id'>[]): void {
    this.dropped.returned(items);
    if (this.#notes.size > 0) for (const { id } of items) this.#notes.delete(id);
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

  async #add(items: readonly NewRefusal[], reason: string): Promise<RefusedAdded> {
    const { clock, limits = LIMITS } = this.#init;
    const fresh = this.#fresh(items).map(({ id, hint = null }): RefusedItem => {
      return { id: new Uint8Array(id), at: clock.now(), by: 'operator', hint, reason };
    });
    // Items that are let in and have not come back take as much memory: without them two calls in turn would grow it.
    const others = fresh.filter(({ id }) => !this.dropped.has(id)).length;
    const count = this.#ids.size + this.dropped.size + others;
    if (count > limits.operator) throw tooMany(count, limits.operator);
    const added = fresh.filter(({ id }) => !this.#notes.has(id)).length;
    let dropped = 0;
    for (let begin = 0; begin < fresh.length; begin += TOGETHER) {
      dropped += await this.#keepOut(fresh.slice(begin, begin + TOGETHER));
    }
    return { added, dropped };
  }

  /** An item that was dropped once and is let in has a record that tells its place: it is asked about again. */
  async #note(items: readonly PolicyRefusal[]): Promise<void> {
    const { clock, committer, keys, limits = LIMITS } = this.#init;
    for (let begin = 0; begin < items.length; begin += TOGETHER) {
      const some = items.slice(begin, begin + TOGETHER);
      await committer.commit((set) => {
        const { database } = committer.lifecycle;
        const open = some.filter(
          ({ id, source }) => !this.hasFrom(source, id) && !this.dropped.has(id),
        );
        return noteCommit({ database, keys, set }, this.#notes, { items: open, at: clock.now() });
      });
    }
    await this.#forgetAll(this.#notes.beyond(limits.policy));
  }

  /** Each id once. */
  #fresh(items: readonly NewRefusal[]): NewRefusal[] {
    const byKey = new Map(items.map((item) => [bytesToKey(item.id), item]));
    return [...byKey.values()].filter(({ id }) => !this.has(id));
  }

  #isRecorded(id: Uint8Array): boolean {
    return this.#ids.isOnDisk(id) || this.#notes.has(id);
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
        for (const { id } of taken) this.#ids.note(id);
        this.returned(taken);
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
    const refused = [...unique.values()].filter((id) => this.#isRecorded(id));
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
    for (const id of ids) {
      this.#ids.delete(id);
      this.#notes.delete(id);
    }
    for (const [id, place] of places) this.dropped.note(id, place);
  }

  async #forgetAll(ids: readonly Uint8Array[]): Promise<void> {
    for (let begin = 0; begin < ids.length; begin += TOGETHER) {
      await this.#forget(ids.slice(begin, begin + TOGETHER));
    }
  }

  async #forget(ids: readonly Uint8Array[]): Promise<void> {
    const { committer, keys } = this.#init;
    await committer.commit((set) =>
      set.write((sink) => {
        for (const id of ids) sink.del(keys.refused(id));
      }),
    );
    this.returned(ids.map((id) => ({ id })));
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
