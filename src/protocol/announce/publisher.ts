import type { Clock, Item } from '../../store/index.ts';
import type { Log } from '../log.ts';
import { BURST_MS } from './constants.ts';
import type { AnnounceOptions } from './options.ts';
import { AnnounceOutbox } from './outbox.ts';

export interface PublisherInit {
  clock: Clock;
  log: Log;
  epoch: Uint8Array;
  options: AnnounceOptions;
  /** Items are left to sessions for now. */
  overloaded: () => boolean;
  /** Whether any peer would get a frame that is sent now. */
  heard: () => boolean;
  /** Resolves with the number of peers a frame went to. */
  send: (frame: Uint8Array) => Promise<number>;
}

/** Publishes own items, a frame at a time, within `maxBytesPerSecond`. */
export class Publisher {
  /** Items published, and items left to sessions, since the start. */
  readonly totals = { announced: 0, dropped: 0 };
  readonly #init: PublisherInit;
  readonly #outbox: AnnounceOutbox;
  #running: Promise<void> | undefined;
  #wake: (() => void) | undefined;
  #nextAt = 0;
  #paidUntil = Number.NEGATIVE_INFINITY;

  constructor(init: PublisherInit) {
    this.#init = init;
    this.#outbox = new AnnounceOutbox({ ...init.options, epoch: init.epoch });
  }

  /** Returns the number of items that fit. */
  add(items: readonly Item[]): number {
    let taken = 0;
    if (!this.#init.overloaded()) {
      // A node on its own need not copy its items into frames that go to no peer.
      if (this.#running === undefined && !this.#init.heard()) {
        this.totals.announced += items.length;
        return items.length;
      }
      for (const item of items) if (this.#outbox.add(item)) taken++;
    }
    this.totals.dropped += items.length - taken;
    this.#running ??= this.#run();
    return taken;
  }

  /** Drops waiting items; resolves once no frame is on its way. */
  async stop(): Promise<void> {
    this.totals.dropped += this.#outbox.clear();
    this.#wake?.();
    await this.#running;
  }

  /** Items announced in the same turn go along. */
  async #run(): Promise<void> {
    await null;
    const { clock } = this.#init;
    while (!this.#outbox.empty) {
      if (this.#nextAt > clock.monotonic()) await this.#until(this.#nextAt);
      const frame = this.#outbox.next();
      if (frame === null) break;
      await this.#publish(frame.bytes, frame.records);
      this.#pay(frame.bytes.length);
    }
    // In the turn that found the outbox empty, so that the next announcement begins a new run.
    this.#running = undefined;
  }

  async #publish(frame: Uint8Array, records: number): Promise<void> {
    const { log, send } = this.#init;
    try {
      const peers = await send(frame);
      this.totals.announced += records;
      log.debug({ records, bytes: frame.length, peers }, 'announced');
    } catch (error) {
      this.totals.dropped += records;
      const { message } = error as Error;
      log.warn({ records, message }, 'new items were not announced; sessions spread them');
    }
  }

  /** The next frame waits for the next batch, and until those before it are paid for. */
  #pay(bytes: number): void {
    const { batchMs, maxBytesPerSecond } = this.#init.options;
    const now = this.#init.clock.monotonic();
    const begin = Math.max(this.#paidUntil, now - BURST_MS);
    this.#paidUntil = begin + (1_000 * bytes) / maxBytesPerSecond;
    this.#nextAt = Math.max(now + batchMs, this.#paidUntil);
  }

  #until(at: number): Promise<void> {
    const { clock } = this.#init;
    return new Promise((resolve) => {
      const cancel = clock.after(Math.max(0, at - clock.monotonic()), resolve);
      this.#wake = () => {
        cancel();
        resolve();
      };
    });
  }
}
