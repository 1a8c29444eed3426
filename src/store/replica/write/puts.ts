import { checkList } from '../../checks.ts';
import { Gate } from '../../gate.ts';
import { checkHint, checkPayload, compareKeys, type Item } from '../../item.ts';
import { checkVerified, hashItems, type VerifiedItem } from '../../item-id.ts';
import type { ReplicaLimits } from '../options.ts';
import { storedBytes, totalBytes } from '../payload-bytes.ts';
import type { IdLookup } from '../read/index.ts';
import type { SetLifecycle } from '../recovery/index.ts';
import { checkSource } from '../source.ts';
import * as storeErrors from '../store-errors.ts';
import type { NewItem, PutOptions, PutResult, VerifiedPutOptions } from '../types.ts';
import { Admission, type AdmissionInit, type ItemTotals } from './admission.ts';
import { GroupCommit, type GroupCommitInit, type PutLine } from './group-commit.ts';
import { IdMap } from './id-map.ts';

export interface PutsInit
  extends Pick<AdmissionInit, 'clock' | 'disk' | 'logger'>,
    Pick<GroupCommitInit, 'write' | 'peerItems' | 'bulk'> {
  limits: ReplicaLimits;
  lifecycle: SetLifecycle;
  lookup: IdLookup;
  /** Whether an item is kept out. */
  refuses: (id: Uint8Array) => boolean;
}

/** Items that are about to be put. */
interface EnteringPut<Id extends Uint8Array> extends PutOptions, VerifiedPutOptions {
  readonly items: readonly ItemWithId<Id>[];
  readonly line: PutLine;
}

interface Admitted<Id extends Uint8Array> {
  readonly results: PutResult<Id>[];
  /** Commits that the put waits for. */
  readonly commits: ReadonlySet<Promise<void>>;
}

type ItemWithId<Id extends Uint8Array> = Item & { readonly id: Id };

/** The puts that are under way, from the look at held items to the answer. */
export class Puts {
  readonly #init: PutsInit;
  readonly admission: Admission;
  readonly #commits: GroupCommit;
  readonly #refresh = (): Promise<void> | null => this.admission.refresh();
  /** Puts under way. */
  #running = 0;
  readonly #idle = new Gate();

  constructor(init: PutsInit) {
    this.#init = init;
    this.#commits = new GroupCommit(init);
    this.admission = new Admission({
      ...init,
      floor: () => init.lifecycle.state.floor,
      held: () => onDisk(init.lifecycle.state.items, init.lifecycle.state.bytes),
      pending: () => onDisk(this.#commits.pendingItems, this.#commits.pendingBytes),
    });
  }

  pending(id: Uint8Array): boolean {
    return this.#commits.pending(id) !== undefined;
  }

  /** Resolves once none of the ids is on its way to the disk. */
  async written(ids: readonly Uint8Array[]): Promise<void> {
    await Promise.allSettled(new Set(ids.map((id) => this.#commits.pending(id))));
  }

  /** See `Replica.put`. Throws at once for items that cannot be taken. */
  putOwn(items: readonly NewItem[], options: PutOptions): Promise<PutResult[]> {
    checkList(items, 'items');
    for (const item of items) {
      checkHint(item?.hint);
      const { payload } = item;
      checkPayload(payload);
      this.admission.checkItem(item.hint, payload.length);
    }
    const ids = hashItems(items);
    const own = items.map(({ hint, payload }, at) => ({ hint, id: ids[at]!, payload }));
    return this.#enter({ items: own, line: 'own', ...options });
  }

  /** See `Replica.putVerified`. Throws at once for items that cannot be taken. */
  putVerified(
    items: readonly VerifiedItem[],
    { source = null }: VerifiedPutOptions,
  ): Promise<PutResult<Uint8Array>[]> {
    checkList(items, 'items of verifyItem');
    checkSource(source);
    for (const item of items) {
      checkVerified(item);
      this.admission.checkItem(item.hint, item.payload.length);
    }
    return this.#enter({ items, line: 'peers', source });
  }

  /** Resolves once every item is on disk. */
  async #enter<Id extends Uint8Array>(put: EnteringPut<Id>): Promise<PutResult<Id>[]> {
    this.#running++;
    try {
      const admitted = this.#queue(put);
      const { results, commits } = admitted instanceof Promise ? await admitted : admitted;
      await allOf(commits);
      return results;
    } finally {
      this.#running--;
      if (this.#running === 0) this.#idle.recheck();
    }
  }

  /** Resolves once all puts under way are answered. */
  settled(): Promise<void> {
    return this.#idle.until(() => this.#running === 0);
  }

  #queue<Id extends Uint8Array>(put: EnteringPut<Id>): Admitted<Id> | Promise<Admitted<Id>> {
    const { items, line } = put;
    const { lifecycle, lookup } = this.#init;
    if (lifecycle.refusal !== null && !lifecycle.readable) throw lifecycle.refusal;
    const admit = (): Admitted<Id> => this.#admit(put);
    if (items.every((item) => lookup.holds(item))) return admit();
    return this.#commits.enter(line, this.#refresh, admit);
  }

  /** Queues all items that are neither held nor pending, or none of them. */
  #admit<Id extends Uint8Array>(put: EnteringPut<Id>): Admitted<Id> {
    const { items, line, source, queued } = put;
    const { lifecycle, lookup, refuses } = this.#init;
    const fresh: Item[] = [];
    const seen = ascends(items) ? null : new IdMap<true>();
    const commits = new Set<Promise<void>>();
    const results = items.map((item): PutResult<Id> => {
      const { hint, id } = item;
      if (refuses(id)) return refusedPut(line, item);
      const pending = this.#commits.pending(id);
      if (pending !== undefined) commits.add(pending);
      const created = !pending && seen?.get(id) === undefined && !lookup.holds(item);
      if (created) {
        seen?.add(id, true);
        fresh.push(item);
      }
      return { hint, id, created };
    });
    if (fresh.length > 0) {
      if (lifecycle.refusal !== null) throw lifecycle.refusal;
      this.admission.admit(onDisk(fresh.length, totalBytes(fresh)));
      for (const commit of this.#commits.add(line, fresh, source)) commits.add(commit);
      queued?.(fresh);
    }
    return { results, commits };
  }
}

/** A put of one item, which most are, waits for one commit: a promise of its own would double that. */
function allOf(commits: ReadonlySet<Promise<void>>): Promise<unknown> | undefined {
  if (commits.size > 1) return Promise.all(commits);
  for (const commit of commits) return commit;
  return undefined;
}

/** Such items, as those of a streamed range, have no repeats to look for. */
function ascends(items: readonly Item[]): boolean {
  return items.every((item, i) => i === 0 || compareKeys(items[i - 1]!, item) < 0);
}

function onDisk(items: number, payloadBytes: number): ItemTotals {
  return { items, bytes: storedBytes(items, payloadBytes) };
}

/** A put here rejects. A peer did nothing wrong: its other items are taken. */
function refusedPut<Id extends Uint8Array>(
  line: PutLine,
  { hint, id }: ItemWithId<Id>,
): PutResult<Id> {
  if (line === 'own') throw storeErrors.itemRefused(id);
  return { hint, id, created: false };
}
