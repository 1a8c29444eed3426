import type { Item } from '../../item.ts';
import type { Committer, Merger } from '../commit/index.ts';
import type { Quarantine } from '../quarantine/index.ts';
import type { IdLookup } from '../read/index.ts';
import type { SetChanges } from '../set-changes.ts';

export interface SetWriterInit {
  committer: Committer;
  lookup: IdLookup;
  quarantine: Quarantine;
  merger: Merger;
  changes: SetChanges;
}

/** Writes batches of new items, and keeps lookup, quarantine and listeners in step with the set. */
export class SetWriter {
  readonly #init: SetWriterInit;

  constructor(init: SetWriterInit) {
    this.#init = init;
  }

  async write(items: readonly Item[]): Promise<void> {
    const { committer, lookup, quarantine, merger } = this.#init;
    await merger.room();
    const added = lookup.adding(items);
    const committed = (): void => this.#committed(items, added);
    const options = { late: committed, alone: false };
    await committer.commit((set) => set.add(items, quarantine.among(items)), options);
    committed();
  }

  /** A set was opened, or opened again. */
  async serving(): Promise<void> {
    const { committer, lookup, quarantine, merger, changes } = this.#init;
    const { lifecycle } = committer;
    changes.moved();
    lookup.reset(lifecycle.state.items === 0);
    await quarantine.load(lifecycle.database);
    void merger.begin();
  }

  #committed(items: readonly Item[], added: () => void): void {
    const { lookup, quarantine, merger, changes } = this.#init;
    changes.moved();
    added();
    lookup.prepare();
    quarantine.restored(items);
    merger.wake();
    changes.onAdded.tell(() => items.map(({ hint, id }) => ({ hint, id })));
  }
}
