import type { StoreError } from '../../errors.ts';
import type { Item } from '../../item.ts';
import type { Committer } from '../commit/index.ts';
import type { ReplicaLimits } from '../options.ts';
import { totalBytes } from '../payload-bytes.ts';
import type { IdLookup } from '../read/index.ts';
import type { PutOptions, PutResult } from '../types.ts';
import { Admission, type AdmissionInit } from './admission.ts';
import { GroupCommit, type GroupCommitInit } from './group-commit.ts';
import { IdMap } from './id-map.ts';

export interface PutsInit
  extends Pick<AdmissionInit, 'clock' | 'disk' | 'logger'>,
    Pick<GroupCommitInit, 'write'> {
  limits: ReplicaLimits;
  keeper: Committer;
  lookup: IdLookup;
}

/** What a put waits for, item by item. */
interface Admitted {
  readonly results: PutResult[];
  readonly commits: readonly Promise<void>[];
}

/** The puts that are under way, from the look at what is held to the answer. */
export class Puts {
  readonly #init: PutsInit;
  readonly #admission: Admission;
  readonly #commits: GroupCommit;
  readonly #running = new Set<Promise<unknown>>();
  /** Those with something new pass here one after the other. */
  #line: Promise<unknown> = Promise.resolve();
  #waiting = 0;

  constructor(init: PutsInit) {
    this.#init = init;
    this.#commits = new GroupCommit({ ...init, more: () => this.#waiting > 0 });
    this.#admission = new Admission({
      ...init,
      heldBytes: () => init.keeper.state.bytes,
      pendingBytes: () => this.#commits.pendingBytes,
    });
  }

  /** Whether an item is on its way to the disk. */
  pending(id: Uint8Array): boolean {
    return this.#commits.pending(id) !== undefined;
  }

  /** Why puts are refused for want of room, or null. */
  get refusing(): StoreError | null {
    return this.#admission.refusing;
  }

  /** Looks again how much room there is. */
  refresh(): Promise<void> {
    return this.#admission.refresh();
  }

  /** Throws `ITEM_TOO_LARGE`. */
  checkItem(bytes: number): void {
    this.#admission.checkItem(bytes);
  }

  /** Resolves once every item is on disk. */
  async enter(items: readonly Item[], queued?: PutOptions['queued']): Promise<PutResult[]> {
    const put = this.#put(items, queued);
    this.#running.add(put);
    try {
      return await put;
    } finally {
      this.#running.delete(put);
    }
  }

  /** Resolves once all that have entered are answered. */
  async settled(): Promise<void> {
    await Promise.allSettled(this.#running);
  }

  async #put(items: readonly Item[], queued?: PutOptions['queued']): Promise<PutResult[]> {
    const { keeper, lookup } = this.#init;
    if (keeper.trouble !== null && !keeper.readable) throw keeper.trouble;
    const known = items.every((item) => lookup.holds(item));
    const admit = (): Admitted => this.#admit(items, queued);
    const admitted = known ? admit() : await this.#inLine(admit);
    await Promise.all(admitted.commits);
    return admitted.results;
  }

  /** First come, first served: a small put must not pass a large one that waits for room. */
  #inLine(admit: () => Admitted): Promise<Admitted> {
    this.#waiting++;
    const turn = this.#line.then(() => this.#takeTurn(admit));
    this.#line = turn.catch(() => undefined);
    return turn;
  }

  async #takeTurn(admit: () => Admitted): Promise<Admitted> {
    try {
      await this.#admission.refresh();
      await this.#commits.room();
      return admit();
    } finally {
      this.#waiting--;
      this.#commits.start();
    }
  }

  /** Queues what is new, all of it or nothing; looks at the set, and at what is on its way into it. */
  #admit(items: readonly Item[], queued: PutOptions['queued']): Admitted {
    const { keeper, lookup } = this.#init;
    const fresh: Item[] = [];
    const seen = new IdMap<true>();
    const waitsFor = new Set<Promise<void>>();
    const results = items.map((item): PutResult => {
      const { hint, id } = item;
      const pending = this.#commits.pending(id);
      if (pending !== undefined) waitsFor.add(pending);
      const created = !pending && seen.get(id) === undefined && !lookup.holds(item);
      if (created) {
        seen.add(id, true);
        fresh.push(item);
      }
      return { hint, id, created };
    });
    if (fresh.length > 0) {
      if (keeper.trouble !== null) throw keeper.trouble;
      this.#admission.admit(totalBytes(fresh));
      for (const commit of this.#commits.add(fresh)) waitsFor.add(commit);
      queued?.(fresh);
    }
    return { results, commits: [...waitsFor] };
  }
}
