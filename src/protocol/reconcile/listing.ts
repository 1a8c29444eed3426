/** A mirror whose claims proved wrong for so many ids ends. */
const MAX_FAULTS = 8;
/** Queues are swept once they are longer than twice what is live plus so much. */
const QUEUE_SLACK = 1024;

/**
 * What one peer said it has: the ids that may still be claimed of it, oldest first, and who may be
 * asked for them. That is the peer itself while it is here, and its mirrors; what one of them turned
 * out not to have is noted, so that it is not asked again. Ids are keys.
 */
export class Listing {
  readonly owner: string;
  /** Ids listed and missing. */
  known = 0;
  #queue: string[] = [];
  #head = 0;
  /** Those who may be asked, and what each does not have. */
  readonly #holders = new Map<string, Set<string>>();

  constructor(owner: string) {
    this.owner = owner;
  }

  /** Whoever may be asked, in the order they came. */
  get holders(): string[] {
    return [...this.#holders.keys()];
  }

  get mirrors(): string[] {
    return this.holders.filter((holder) => holder !== this.owner);
  }

  join(holder: string): void {
    if (!this.#holders.has(holder)) this.#holders.set(holder, new Set());
  }

  leave(holder: string): void {
    this.#holders.delete(holder);
  }

  /** Whether `holder` may be asked for a listed id. */
  offers(holder: string, key: string): boolean {
    return this.#holders.get(holder)?.has(key) === false;
  }

  /** `holder` does not have a listed id; returns the mirrors that end by that. */
  deny(holder: string, key: string): string[] {
    const denied = this.#holders.get(holder);
    denied?.add(key);
    if (denied === undefined || denied.size < MAX_FAULTS) return [];
    return holder === this.owner ? this.mirrors : [holder];
  }

  /** `holder` says anew that it has an id. */
  affirm(holder: string, key: string): void {
    this.#holders.get(holder)?.delete(key);
  }

  /** Takes out the ids that nobody who may be asked has. */
  takeDenied(): string[] {
    const [first, ...others] = this.#holders.values();
    const denied = [...(first ?? [])].filter((key) => others.every((other) => other.has(key)));
    for (const key of denied) for (const holder of this.#holders.values()) holder.delete(key);
    return denied;
  }

  /** `lists` tells whether an id is listed still. */
  enqueue(key: string, lists: (key: string) => boolean): void {
    this.#queue.push(key);
    if (this.#queue.length > 2 * this.known + QUEUE_SLACK) this.#sweep(lists);
  }

  dequeue(): string | undefined {
    const key = this.#queue[this.#head++];
    if (key !== undefined) return key;
    this.#queue = [];
    this.#head = 0;
    return undefined;
  }

  /** Throws out what was claimed from the queue, has come in, or stands there twice. */
  #sweep(lists: (key: string) => boolean): void {
    const waiting = new Set(this.#queue.slice(this.#head));
    this.#queue = [...waiting].filter(lists);
    this.#head = 0;
  }
}
