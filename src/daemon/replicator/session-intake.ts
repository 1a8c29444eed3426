import { bytesToKey, type VerifiedItem } from '../../store/index.ts';
import { Intake, type RefusedIds, Window } from './fetching/index.ts';
import type { SharedParts } from './parts.ts';
import { isHeld } from './push/index.ts';

export interface SessionIntakeInit extends SharedParts {
  guarded: Pick<RefusedIds, 'add'>;
  /** The store did not take these items of the peer: they are to be fetched. */
  left: (peer: string, ids: readonly Uint8Array[]) => void;
}

/** Stores the items that sessions bring in place of ids, as fetched items are stored. */
export class SessionIntake {
  readonly #init: SessionIntakeInit;
  readonly #window: Window;
  readonly #arriving = new Set<string>();
  readonly #puts = new Set<Promise<void>>();

  constructor(init: SessionIntakeInit) {
    this.#init = init;
    this.#window = new Window(init.options.windowBytes);
  }

  /** Items are on their way to the disk: a session that begins now would bring them again. */
  get busy(): boolean {
    return this.#arriving.size > 0;
  }

  /** Whether an item is on its way to the disk: neither wanted nor held. */
  arriving(id: Uint8Array): boolean {
    return this.busy && this.#arriving.has(bytesToKey(id));
  }

  /** Resolves when the next items may come; never rejects. */
  async take(peer: string, items: readonly VerifiedItem[]): Promise<void> {
    this.#init.rates.came(peer, items);
    const fresh = items.filter(({ id }) => !this.arriving(id));
    if (fresh.length === 0) return;
    const others = new Map<Uint8Array, readonly string[]>();
    for (const { id } of fresh) {
      others.set(id, this.#init.wanted.sources(id));
      this.#arriving.add(bytesToKey(id));
      // Nothing else fetches it meanwhile.
      this.#init.wanted.received(id);
    }
    const put = this.#put(peer, fresh, others).finally(() => this.#puts.delete(put));
    this.#puts.add(put);
    await this.#window.room();
  }

  async stop(): Promise<void> {
    await Promise.all(this.#puts);
  }

  async #put(
    peer: string,
    items: readonly VerifiedItem[],
    others: ReadonlyMap<Uint8Array, readonly string[]>,
  ): Promise<void> {
    const { observer, guarded, replica, left } = this.#init;
    // The peer may be gone, and these had listed them before.
    const leftToOthers = (id: Uint8Array): void => {
      for (const other of others.get(id) ?? []) if (other !== peer) left(other, [id]);
    };
    const intake = new Intake({
      ...this.#init,
      window: this.#window,
      source: peer,
      observer: observer?.fetched,
    });
    await intake.take(items).catch(() => undefined);
    await intake.settle();
    for (const { id } of items) this.#arriving.delete(bytesToKey(id));
    for (const { id, refusal } of intake.refusals) {
      if (refusal.lasting !== false) guarded.add(peer, id);
      if (refusal.lasting !== true) leftToOthers(id);
    }
    if (intake.error === null) return;
    const refused = new Set(intake.refusals.map(({ id }) => bytesToKey(id)));
    const lacking = items
      .map(({ id }) => id)
      .filter((id) => !refused.has(bytesToKey(id)) && !isHeld(replica, id));
    left(peer, lacking);
    lacking.forEach(leftToOthers);
  }
}
