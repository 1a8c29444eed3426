import type { RefusedAdded } from '../../../store/index.ts';
import type { Fetcher } from '../fetching/index.ts';
import type { SharedParts } from '../parts.ts';

export interface OperatorRefusalsInit extends Pick<SharedParts, 'replica' | 'wanted'> {
  fetcher: { readonly guarded: Pick<Fetcher['guarded'], 'delete'> };
  /** Sessions are to look for items that are let in again. */
  lookAgain: () => void;
}

/** Keeps items out by word of an operator: they are not wanted any more. */
export class OperatorRefusals {
  readonly #init: OperatorRefusalsInit;

  constructor(init: OperatorRefusalsInit) {
    this.#init = init;
  }

  /** See `Refusals.add`. */
  async refuse(ids: readonly Uint8Array[], reason: string): Promise<RefusedAdded> {
    const { replica, wanted } = this.#init;
    const items = ids.map((id) => ({ id }));
    const result = await replica.refusals.add(items, reason);
    for (const id of ids) wanted.received(id);
    return result;
  }

  /** See `Refusals.remove`. Peers may hold the items, so sessions look for them. */
  async letIn(ids: readonly Uint8Array[]): Promise<number> {
    const { replica, fetcher, lookAgain } = this.#init;
    const removed = await replica.refusals.remove(ids);
    if (removed === 0) return removed;
    for (const id of ids) fetcher.guarded.delete(id);
    lookAgain();
    return removed;
  }
}
