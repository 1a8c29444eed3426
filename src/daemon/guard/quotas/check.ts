import { BoundedMap, type Item, storedBytes } from '../../../store/index.ts';
import type { GuardCheck, GuardedKey, ItemOrigin, Verdicts } from '../guard.ts';
import type { ItemRefusal } from '../refusal.ts';
import type { QuotaOptions } from './options.ts';
import { type Owner, ownersOf } from './owners.ts';
import { NOTHING, Usage, type UsageInit, type Used } from './usage.ts';

/** Owners without room that are remembered; the oldest make room. */
const MAX_BARRED = 4_096;
/** Bytes on disk of the smallest item. */
const LEAST_BYTES = storedBytes(1, 0);

/** Bounds what one peer, and what one publisher, has on this disk. Nothing is refused before it is counted. */
export class QuotaCheck implements GuardCheck {
  readonly #usage: Usage;
  /** Peers of which an item did not fit, until something has made room. */
  readonly #full = new Set<string>();
  /** Owners that were told to have no room, until some of them have. */
  readonly #barred = new BoundedMap<string, Owner>(MAX_BARRED);
  #options: QuotaOptions;
  #taking: () => void = () => undefined;

  constructor(init: Omit<UsageInit, 'recounted'> & { readonly options: QuotaOptions }) {
    this.#options = init.options;
    this.#usage = new Usage({ ...init, recounted: () => this.#look() });
    this.change(init.options);
  }

  /** Takes other limits from now on. */
  change(options: QuotaOptions): void {
    this.#options = options;
    if (Object.values(options).some((limit) => limit > 0)) this.#usage.start();
    else this.#usage.stop();
    this.#look();
  }

  stop(): void {
    this.#usage.stop();
  }

  /** The listener hears each time that items are taken again of peers that had no room. */
  onTaking(listener: () => void): void {
    this.#taking = listener;
  }

  /** What the owner has on disk. */
  used(owner: Owner): Used {
    return this.#usage.of(owner);
  }

  refusalOf({ bytes }: GuardedKey, origin: ItemOrigin): ItemRefusal | null {
    if (!this.#usage.ready || isOwn(origin)) return null;
    const stored = storedBytes(1, bytes);
    const owner = ownersOf(origin).find((owner) => !this.#fits(owner, stored));
    if (owner === undefined) return null;
    const never = !within(this.#limitsOf(owner), NOTHING, stored);
    if (!never) this.#noteFull(owner, stored);
    if (!never && owner.kind === 'publisher') this.#bar(owner);
    return refusal(owner, never);
  }

  /** Items that come together fill a quota together. */
  judge(items: readonly Item[], origin: ItemOrigin): Promise<Verdicts> | null {
    if (!this.#usage.running || origin.peer === null) return null;
    const owners = ownersOf(origin);
    const verdicts = items.map(({ id, hint, payload }) => {
      const refused = this.refusalOf({ id, hint, bytes: payload.length }, origin);
      if (refused === null) this.#usage.admit(id, payload.length, owners);
      return refused;
    });
    return verdicts.every((refused) => refused === null) ? null : Promise.resolve(verdicts);
  }

  settled(items: readonly Item[]): void {
    for (const { id } of items) this.#usage.settled(id);
  }

  /** Nothing is fetched of a peer that has no room: it would be refused, each time that a session lists it. */
  takesFrom(id: string): boolean {
    const owner = { kind: 'peer', id } as const;
    if (this.#hasRoom(owner) && !this.#full.has(id)) return true;
    this.#bar(owner);
    return false;
  }

  /** There may be room again. */
  #look(): void {
    this.#full.clear();
    const barred = [...this.#barred.values()];
    const open = barred.filter((owner) => this.#hasRoom(owner));
    for (const owner of open) this.#barred.delete(nameOf(owner));
    if (open.length > 0) this.#taking();
  }

  #bar(owner: Owner): void {
    this.#barred.set(nameOf(owner), owner);
  }

  /** For the smallest item. */
  #hasRoom(owner: Owner): boolean {
    return !this.#usage.ready || within(this.#limitsOf(owner), this.#usage.of(owner), LEAST_BYTES);
  }

  /** What is under way may not get to the disk, so it makes no peer full. */
  #noteFull(owner: Owner, bytes: number): void {
    const fits = within(this.#limitsOf(owner), this.#usage.of(owner), bytes);
    if (owner.kind === 'peer' && !fits) this.#full.add(owner.id);
  }

  #fits(owner: Owner, bytes: number): boolean {
    const [onDisk, underWay] = [this.#usage.of(owner), this.#usage.underWay(owner)];
    const used = { items: onDisk.items + underWay.items, bytes: onDisk.bytes + underWay.bytes };
    return within(this.#limitsOf(owner), used, bytes);
  }

  #limitsOf({ kind }: Owner): Used {
    const { peerItems, peerBytes, publisherItems, publisherBytes } = this.#options;
    return kind === 'peer'
      ? { items: peerItems, bytes: peerBytes }
      : { items: publisherItems, bytes: publisherBytes };
  }
}

function nameOf({ kind, id }: Owner): string {
  return `${kind} ${id}`;
}

/** Whether one more item of so many bytes fits. */
function within(limits: Used, used: Used, bytes: number): boolean {
  return (
    (limits.items === 0 || used.items < limits.items) &&
    (limits.bytes === 0 || used.bytes + bytes <= limits.bytes)
  );
}

/** An item above the whole quota stays refused, so that it is not fetched again and again. */
function refusal({ kind, id }: Owner, lasting: boolean): ItemRefusal {
  const key = `quotas.${kind}Items or ${kind}Bytes`;
  const message = `the ${kind} ${id} has as much here as it may: raise ${key}`;
  return { code: kind === 'peer' ? 'PEER_QUOTA' : 'PUBLISHER_QUOTA', message, lasting };
}

/** What is put here has no owner. */
function isOwn({ peer, publisher }: ItemOrigin): boolean {
  return peer === null && publisher === null;
}
