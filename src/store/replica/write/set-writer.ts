import type { Item } from '../../item.ts';
import type { Database } from '../../level/index.ts';
import type { Committer, Merger } from '../commit/index.ts';
import type { Quarantine } from '../quarantine/index.ts';
import type { IdLookup } from '../read/index.ts';
import type { LifecycleEvents } from '../recovery/index.ts';
import type { SetChanges } from '../set-changes.ts';
import type { BatchWriter } from './group-commit.ts';

export interface SetWriterInit {
  committer: Committer;
  lookup: IdLookup;
  quarantine: Quarantine;
  merger: Merger;
  changes: SetChanges;
}

/** Writes batches of new items, and keeps what is known beside the set in step with it. */
export class SetWriter implements BatchWriter, LifecycleEvents {
  readonly #init: SetWriterInit;

  constructor(init: SetWriterInit) {
    this.#init = init;
  }

  async write(items: readonly Item[]): Promise<void> {
    const { committer, lookup, quarantine, merger } = this.#init;
    await merger.room();
    const added = lookup.adding(items);
    const late = (): void => this.#committed(items, added);
    await committer.commit((set) => set.add(items, quarantine.among(items)), {
      late,
      alone: false,
    });
    this.#committed(items, added);
  }

  async serving(database: Database): Promise<void> {
    const { committer, lookup, quarantine, merger, changes } = this.#init;
    changes.moved();
    lookup.reset(committer.state.items === 0);
    await quarantine.load(database);
    void merger.begin();
  }

  commitsLost(): Promise<unknown> {
    return this.#init.committer.commit((set) => set.markRefill(true));
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
