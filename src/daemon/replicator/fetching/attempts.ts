import type { FetchReport } from '../../../protocol/index.ts';
import { BoundedMap, bytesToKey, type Clock } from '../../../store/index.ts';

/** The last request for an item to one source. */
export interface FetchAttempt {
  readonly peer: string;
  /** Milliseconds since the epoch. */
  readonly at: number;
  /**
   * `absent`: the peer says that it does not have the item. `large`: it is long, and gets a request of its
   * own. `too-large`: it is above the limit here. `unstored`: it came, and was not stored. Otherwise the
   * request ended before the item came.
   */
  readonly outcome:
    | 'absent'
    | 'large'
    | 'too-large'
    | 'unstored'
    | 'invalid'
    | 'stalled'
    | 'failed';
  readonly error: { readonly code: string; readonly message: string } | null;
}

interface AttemptsInit {
  clock: Pick<Clock, 'now'>;
  /**
   * Ids whose attempts are remembered; the ids tried longest ago make room.
   * @default 10_000
   */
  maxIds?: number;
  /**
   * Sources remembered for an id.
   * @default 8
   */
  maxSources?: number;
}

type BySource = BoundedMap<string, FetchAttempt>;

/** The requests for wanted ids that did not bring them. */
export class Attempts {
  readonly #clock: Pick<Clock, 'now'>;
  readonly #ids: BoundedMap<string, BySource>;
  readonly #maxSources: number;

  constructor({ clock, maxIds = 10_000, maxSources = 8 }: AttemptsInit) {
    this.#clock = clock;
    this.#ids = new BoundedMap(maxIds);
    this.#maxSources = maxSources;
  }

  /** The last attempt with each source, the oldest first. */
  of(id: Uint8Array): FetchAttempt[] {
    return [...(this.#ids.get(bytesToKey(id))?.values() ?? [])];
  }

  /** A request for `ids` ended; ids that are not `wanted` any more came, or were given up. */
  ended(
    ids: readonly Uint8Array[],
    report: FetchReport,
    wanted: (id: Uint8Array) => boolean,
    unstored: FetchAttempt['error'] = null,
  ): void {
    const { peer, absent, large, tooLarge, outcome } = report;
    for (const id of absent) this.#note(id, peer, 'absent');
    for (const { id } of large) this.#note(id, peer, 'large');
    for (const id of tooLarge) this.#note(id, peer, 'too-large');
    const said = new Set([...absent, ...large.map(({ id }) => id), ...tooLarge].map(bytesToKey));
    const rest = outcome === 'complete' ? 'unstored' : outcome;
    const error = unstored ?? report.error;
    for (const id of ids) {
      if (!said.has(bytesToKey(id)) && wanted(id)) this.#note(id, peer, rest, error);
    }
  }

  /** Items came onto this disk: their ids, as keys. */
  stored(keys: Iterable<string>): void {
    if (this.#ids.size === 0) return;
    for (const key of keys) this.#ids.delete(key);
  }

  #note(
    id: Uint8Array,
    peer: string,
    outcome: FetchAttempt['outcome'],
    error: FetchAttempt['error'] = null,
  ): void {
    const key = bytesToKey(id);
    const known: BySource = this.#ids.get(key) ?? new BoundedMap(this.#maxSources);
    this.#ids.set(key, known.set(peer, { peer, at: this.#clock.now(), outcome, error }));
  }
}
