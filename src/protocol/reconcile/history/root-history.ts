import {
  concatBytes,
  equalBytes,
  type FingerprintScheme,
  ID_BYTES,
  type ItemKey,
} from '../../../store/index.ts';
import type { CurrentSet, RecentKeys, SessionHistory } from '../dialect.ts';
import { EVERYTHING } from '../interval.ts';
import { rootHint } from '../root.ts';
import { KeyLog } from './key-log.ts';
import { DEFAULT_ROOT_HISTORY_OPTIONS, type RootHistoryOptions } from './options.ts';
import { RootRing } from './root-ring.ts';

/** Keys that are summed in one step; behind an older snapshot a later session begins. */
const MOST_AT_ONCE = 1_024;

/** What a `RootHistory` needs. */
export interface RootHistoryInit extends Partial<RootHistoryOptions> {
  /** Of the fingerprints of the set. */
  scheme: FingerprintScheme;
}

/**
 * The roots of a set after its last commits. It begins with the first session, which knows the state of the
 * set, and begins anew where a session finds another set than it supposed: items have left, then.
 */
export class RootHistory {
  readonly #scheme: FingerprintScheme;
  readonly #log: KeyLog;
  readonly #roots: RootRing;
  /** The state of the set as of the last commit; null where no session has told it. */
  #state: Uint8Array | null = null;
  #count = 0;

  constructor({ scheme, ...given }: RootHistoryInit) {
    const { maxRoots, maxKeys } = { ...DEFAULT_ROOT_HISTORY_OPTIONS, ...given };
    this.#scheme = scheme;
    this.#log = new KeyLog(maxKeys);
    this.#roots = new RootRing(maxRoots);
  }

  /** Notes the keys of a commit. */
  added(keys: readonly ItemKey[]): void {
    if (keys.length === 0) return;
    this.#log.add(keys);
    if (this.#state === null) return;
    const ids = new Uint8Array(keys.length * ID_BYTES);
    for (let at = 0; at < keys.length; at++) ids.set(keys[at]!.id, at * ID_BYTES);
    this.#grow(ids, keys.length);
  }

  /** The history as of a snapshot that is taken at the same moment. */
  now(): SessionHistory {
    const place = this.#log.end;
    return { since: (root, current) => this.#since(place, root, current) };
  }

  #since(place: number, root: Uint8Array, current: CurrentSet): RecentKeys | null {
    const known = this.#roots.at(place);
    if (this.#state === null || (known !== null && !equalBytes(known, current.root))) {
      this.#beginAnew(place, current);
      return null;
    }
    if (known === null) return null;
    const from = this.#roots.find(root);
    if (from === null || from >= place || from < this.#log.begin) return null;
    return this.#log.run(from, place);
  }

  #beginAnew(place: number, { root, count, state }: CurrentSet): void {
    this.#roots.clear();
    this.#state = null;
    if (place < this.#log.begin || this.#log.end - place > MOST_AT_ONCE) return;
    this.#state = state().slice();
    this.#count = count;
    this.#roots.add(root, place);
    const came = this.#log.end - place;
    if (came === 0) return;
    const everything = this.#log.run(place, this.#log.end);
    this.#grow(concatBytes(...everything.ids(EVERYTHING)), came);
  }

  #grow(ids: Uint8Array, keys: number): void {
    this.#scheme.add(this.#state!, ids);
    this.#count += keys;
    this.#roots.add(rootHint(this.#state!, this.#count), this.#log.end);
  }
}
