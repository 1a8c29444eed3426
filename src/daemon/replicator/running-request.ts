import type { Clock } from '../../store/index.ts';
import type { Source } from './sources.ts';

/** Payload bytes that count as progress, as an id that is answered does. */
const PROGRESS_BYTES = 16 * 1024;

/** Whether the lengths of the items asked for are known, and large. */
export type Kind = 'small' | 'large';

/** A request to a source, while it runs. */
export class RunningRequest {
  readonly source: Source;
  readonly kind: Kind;
  readonly ids: readonly Uint8Array[];
  readonly startedAt: number;
  readonly #clock: Clock;
  readonly #control = new AbortController();
  #progressAt: number;
  #unmarked = 0;
  #firstAt: number | undefined;
  /** Payload bytes that have come. */
  bytes = 0;
  /** When it was first seen to be late, on the monotonic clock; undefined once it gets on again. */
  suspectedAt: number | undefined;
  /** Its source was too slow while others waited for work. */
  stolen = false;

  constructor(init: { source: Source; kind: Kind; ids: readonly Uint8Array[]; clock: Clock }) {
    this.source = init.source;
    this.kind = init.kind;
    this.ids = init.ids;
    this.#clock = init.clock;
    this.startedAt = init.clock.monotonic();
    this.#progressAt = this.startedAt;
  }

  get signal(): AbortSignal {
    return this.#control.signal;
  }

  /** When it last got on, on the monotonic clock; infinity while it waits for us. */
  get progressAt(): number {
    return this.#progressAt;
  }

  get durationMs(): number {
    return this.#clock.monotonic() - this.startedAt;
  }

  /** Since the first answer began to come: what the way there took says nothing of how quick it is. */
  get streamedMs(): number {
    return this.#firstAt === undefined ? 0 : this.#clock.monotonic() - this.#firstAt;
  }

  came(bytes: number): void {
    this.#firstAt ??= this.#clock.monotonic();
    this.bytes += bytes;
    this.#unmarked += bytes;
    if (bytes > 0 && this.#unmarked < PROGRESS_BYTES) return;
    this.#mark();
  }

  /** While items are being stored the peer is not the one that is slow. */
  async storing(items: Promise<void>): Promise<void> {
    this.#progressAt = Number.POSITIVE_INFINITY;
    try {
      await items;
    } finally {
      this.#mark();
    }
  }

  abort(): void {
    this.#control.abort();
  }

  steal(): void {
    this.stolen = true;
    this.abort();
  }

  #mark(): void {
    this.#unmarked = 0;
    this.suspectedAt = undefined;
    this.#progressAt = this.#clock.monotonic();
  }
}
