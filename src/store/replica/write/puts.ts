import type { Item } from '../../item.ts';
import type { ReplicaLimits } from '../options.ts';
import { storedBytes, totalBytes } from '../payload-bytes.ts';
import type { IdLookup } from '../read/index.ts';
import type { SetLifecycle } from '../recovery/index.ts';
import type { PutOptions, PutResult, VerifiedPutOptions } from '../types.ts';
import { Admission, type AdmissionInit, type ItemTotals } from './admission.ts';
import { GroupCommit, type GroupCommitInit, type PutLine } from './group-commit.ts';
import { IdMap } from './id-map.ts';

export interface PutsInit
  extends Pick<AdmissionInit, 'clock' | 'disk' | 'logger'>,
    Pick<GroupCommitInit, 'write'> {
  limits: ReplicaLimits;
  lifecycle: SetLifecycle;
  lookup: IdLookup;
}

/** Items that are about to be put. */
export interface EnteringPut<Id extends Uint8Array> extends PutOptions, VerifiedPutOptions {
  readonly items: readonly ItemWithId<Id>[];
  readonly line: PutLine;
}

interface Admitted<Id extends Uint8Array> {
  readonly results: PutResult<Id>[];
  /** Commits that the put waits for. */
  readonly commits: Iterable<Promise<void>>;
}

type ItemWithId<Id extends Uint8Array> = Item & { readonly id: Id };

/** The puts that are under way, from the look at held items to the answer. */
export class Puts {
  readonly #init: PutsInit;
  readonly admission: Admission;
  readonly #commits: GroupCommit;
  readonly #running = new Set<Promise<unknown>>();

  constructor(init: PutsInit) {
    this.#init = init;
    this.#commits = new GroupCommit(init);
    this.admission = new Admission({
      ...init,
      held: () => onDisk(init.lifecycle.state.items, init.lifecycle.state.bytes),
      pending: () => onDisk(this.#commits.pendingItems, this.#commits.pendingBytes),
    });
  }

  pending(id: Uint8Array): boolean {
    return this.#commits.pending(id) !== undefined;
  }

  /** Resolves once every item is on disk. */
  async enter<Id extends Uint8Array>(put: EnteringPut<Id>): Promise<PutResult<Id>[]> {
    const running = this.#put(put);
    this.#running.add(running);
    try {
      return await running;
    } finally {
      this.#running.delete(running);
    }
  }

  /** Resolves once all puts under way are answered. */
  async settled(): Promise<void> {
    await Promise.allSettled(this.#running);
  }

  async #put<Id extends Uint8Array>(put: EnteringPut<Id>): Promise<PutResult<Id>[]> {
    const { items, line } = put;
    const { lifecycle, lookup } = this.#init;
    if (lifecycle.refusal !== null && !lifecycle.readable) throw lifecycle.refusal;
    const known = items.every((item) => lookup.holds(item));
    const admit = (): Admitted<Id> => this.#admit(put);
    const admitted = known
      ? admit()
      : await this.#commits.enter(line, () => this.admission.refresh(), admit);
    await Promise.all(admitted.commits);
    return admitted.results;
  }

  /** Queues all items that are neither held nor pending, or none of them. */
  #admit<Id extends Uint8Array>(put: EnteringPut<Id>): Admitted<Id> {
    const { items, line, source, queued } = put;
    const { lifecycle, lookup } = this.#init;
    const fresh: Item[] = [];
    const seen = new IdMap<true>();
    const commits = new Set<Promise<void>>();
    const results = items.map((item): PutResult<Id> => {
      const { hint, id } = item;
      const pending = this.#commits.pending(id);
      if (pending !== undefined) commits.add(pending);
      const created = !pending && seen.get(id) === undefined && !lookup.holds(item);
      if (created) {
        seen.add(id, true);
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

function onDisk(items: number, payloadBytes: number): ItemTotals {
  return { items, bytes: storedBytes(items, payloadBytes) };
}
