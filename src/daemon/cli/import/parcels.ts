import { type Clock, Gate } from '../../../store/index.ts';

/** Items and payload bytes that are sent together at most, or a single item. */
const MAX_ITEMS = 1_024;
const MAX_BYTES = 4 * 1024 * 1024;
/** Parcels on their way at a time: the next one is read while the daemon stores the one before. */
const UNDER_WAY = 2;
/** How long an item waits for others. */
const WAIT_MS = 20;

export interface ParcelsInit<Entry> {
  readonly clock: Clock;
  /** Sends a parcel; never rejects. */
  readonly send: (entries: readonly Entry[]) => Promise<void>;
}

/** Gathers items and sends them together, in the order in which they came. */
export class Parcels<Entry> {
  readonly #init: ParcelsInit<Entry>;
  readonly #running = new Set<Promise<void>>();
  readonly #room = new Gate();
  #entries: Entry[] = [];
  #bytes = 0;
  #cancel: () => void = () => undefined;

  constructor(init: ParcelsInit<Entry>) {
    this.#init = init;
  }

  /** Resolves once there is room for more. */
  async add(entry: Entry, bytes: number): Promise<void> {
    if (this.#bytes + bytes > MAX_BYTES) await this.#flush();
    this.#entries.push(entry);
    this.#bytes += bytes;
    if (this.#entries.length === 1)
      this.#cancel = this.#init.clock.after(WAIT_MS, () => void this.#flush());
    if (this.#entries.length >= MAX_ITEMS || this.#bytes >= MAX_BYTES) await this.#flush();
  }

  /** Resolves once all items are sent and answered. */
  async end(): Promise<void> {
    while (this.#entries.length > 0) await this.#flush();
    await Promise.all(this.#running);
  }

  async #flush(): Promise<void> {
    this.#cancel();
    await this.#room.until(() => this.#running.size < UNDER_WAY);
    // Others may have sent it meanwhile.
    if (this.#entries.length === 0) return;
    const parcel = this.#entries;
    this.#cancel();
    this.#entries = [];
    this.#bytes = 0;
    const sent = this.#init.send(parcel).finally(() => {
      this.#running.delete(sent);
      this.#room.recheck();
    });
    this.#running.add(sent);
  }
}
