import type { Announce, AnnounceTotals } from '../../../protocol/index.ts';
import {
  type Item,
  itemId,
  type NewItem,
  type PutResult,
  type Replica,
} from '../../../store/index.ts';
import { GuardError, type ItemGuard, type ItemOrigin, type Verdicts } from '../../guard/index.ts';
import type { ReplicatorObserver } from '../observer.ts';
import type { PeerRecords } from '../peers.ts';
import type { PushedChanges } from '../scheduling/index.ts';
import type { PushCoverage } from './push-coverage.ts';

export interface OwnItemsInit {
  replica: Replica;
  guard: ItemGuard;
  peers: Pick<PeerRecords, 'connections' | 'connectedOnes' | 'differs' | 'get'>;
  coverage: Pick<PushCoverage, 'pushed' | 'heardBy'>;
  /** Called when peers may differ from us in a way that push does not tell of. */
  changed: () => void;
  /** @default none */
  observer?: Pick<ReplicatorObserver, 'put'> | undefined;
}

/**
 * Stores items that are put here, and announces them to the mesh. Short items go out whole during the
 * write: peers check and keep them without us. The keys of longer items go out after the write.
 */
export class OwnItems implements PushedChanges {
  readonly #init: OwnItemsInit;
  #announce: Announce | null = null;

  constructor(init: OwnItemsInit) {
    this.#init = init;
  }

  /** Null: nothing is announced. */
  start(announce: Announce | null): void {
    this.#announce = announce;
  }

  get totals(): AnnounceTotals | null {
    return this.#announce?.totals ?? null;
  }

  get overloaded(): boolean {
    return this.#announce?.overloaded === true;
  }

  reached(peer: string): boolean {
    const { peers, coverage } = this.#init;
    return coverage.heardBy(peers.get(peer)) && this.#announce?.reaches(peer) === true;
  }

  /**
   * Resolves once the items are on our disk. Rejects with `GuardError` if the guard refuses one of them: then
   * none is taken. If the write fails, peers may have got them nevertheless.
   */
  put(items: readonly NewItem[]): Promise<PutResult[]> {
    const verdicts = this.#judge(items);
    // An async function around it would cost each put two promises more.
    if (verdicts === null) return this.#store(items);
    return verdicts.then((known) => {
      throwFirst(known);
      return this.#store(items);
    });
  }

  /** Likewise for items that have nothing to do with each other: a refused item leaves out itself alone. */
  async putEach(items: readonly NewItem[]): Promise<(PutResult | GuardError)[]> {
    const judged = this.#judge(items);
    if (judged === null) return this.#store(items);
    const verdicts = await judged;
    const taken = items.filter((_, at) => verdicts[at] === null);
    const stored = taken.length === 0 ? [] : await this.#store(taken);
    let next = 0;
    return verdicts.map((refusal) =>
      refusal === null ? stored[next++]! : new GuardError(refusal),
    );
  }

  #judge(items: readonly NewItem[]): Promise<Verdicts> | null {
    return this.#init.guard.judge(
      items.map((item) => new ItemToJudge(item)),
      PUT_HERE,
    );
  }

  async #store(items: readonly NewItem[]): Promise<PutResult[]> {
    const { replica, peers, coverage, observer } = this.#init;
    const inlineBytes = this.#announce?.inlineBytes ?? 0;
    let fresh: readonly Item[] = [];
    let announced = 0;
    const connectionsBefore = peers.connections;
    const announce = (some: readonly Item[]): void => {
      announced += this.#announce?.announce(some) ?? 0;
    };
    const isLong = ({ payload }: Item): boolean => payload.length > inlineBytes;
    const queued = (taken: readonly Item[]): void => {
      fresh = taken;
      announce(taken.filter((item) => !isLong(item)));
    };
    let results: PutResult[];
    try {
      results = await replica.put(items, { queued });
    } catch (error) {
      if (announced > 0) this.#strayed();
      throw error;
    }
    observer?.put(results);
    announce(fresh.filter(isLong));
    // A peer that connected in between may have missed the push, and its session the commit.
    const toAll = announced === fresh.length && peers.connections === connectionsBefore;
    if (fresh.length > 0 && toAll) coverage.pushed(fresh);
    return results;
  }

  /** Announced items were not stored: a peer that heard of them is ahead of us. */
  #strayed(): void {
    const { peers, changed } = this.#init;
    for (const { peer } of peers.connectedOnes) peers.differs(peer);
    changed();
  }
}

const PUT_HERE: ItemOrigin = { via: 'http', peer: null, publisher: null };

/** The item for the guard. Its id is computed only if a check asks for it: the store computes it again. */
class ItemToJudge implements Item {
  readonly hint: bigint;
  readonly payload: Uint8Array;
  #id: Item['id'] | undefined;

  constructor({ hint, payload }: NewItem) {
    this.hint = hint;
    this.payload = payload;
  }

  get id(): Item['id'] {
    this.#id ??= itemId(this.hint, this.payload);
    return this.#id;
  }
}

function throwFirst(verdicts: Verdicts): void {
  for (const refusal of verdicts) if (refusal !== null) throw new GuardError(refusal);
}
