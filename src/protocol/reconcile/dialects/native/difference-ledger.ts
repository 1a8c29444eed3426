import { bytesToKey, ID_BYTES, type Snapshot } from '../../../../store/index.ts';
import { EXPAND_COST, FINGERPRINT_COST, LOOKUP_COST, type Meter } from './meter.ts';
import { malformed } from './wire/index.ts';
import type { NativeWork } from './work.ts';

/** Ids taken in between two looks at the clock. */
const BATCH = 128;

export interface DifferenceLedgerInit {
  snapshot: Snapshot;
  meter: Meter;
  refuses: (id: Uint8Array) => boolean;
}

/**
 * What was found to differ, as a state that is kept up to date: ours, less what only we have, plus
 * what only the peer has, which must come out as the peer's.
 */
export class DifferenceLedger {
  readonly #init: DifferenceLedgerInit;
  readonly #change: { readonly added: Uint8Array; readonly removed: Uint8Array };
  readonly #seen = new Set<string>();
  #missing: Uint8Array[] = [];
  mine = 0;
  theirs = 0;
  refused = 0;
  /** Ids handed out as missing. */
  missing = 0;

  constructor(init: DifferenceLedgerInit) {
    this.#init = init;
    const { scheme } = init.snapshot;
    this.#change = { added: scheme.empty(), removed: scheme.empty() };
  }

  /** Notes ids (32 bytes each) that only we have. */
  gave(ids: Uint8Array): void {
    this.#init.snapshot.scheme.add(this.#change.removed, ids);
    this.mine += ids.length / ID_BYTES;
    this.#init.meter.spend((EXPAND_COST * ids.length) / ID_BYTES);
  }

  /** Notes that only we have anything in a range of ranks. */
  gaveRange(begin: number, end: number): void {
    const { snapshot, meter } = this.#init;
    snapshot.scheme.combine(this.#change.removed, snapshot.fingerprint(begin, end));
    this.mine += end - begin;
    meter.spend(FINGERPRINT_COST);
  }

  /** Notes ids that only the peer has; those that are nowhere here are missing: they share memory. */
  *got(ids: Uint8Array): NativeWork {
    const { snapshot, meter } = this.#init;
    for (let at = 0; at < ids.length; at += BATCH * ID_BYTES) {
      if (meter.over) yield 'slice';
      const some = ids.slice(at, at + BATCH * ID_BYTES);
      snapshot.scheme.add(this.#change.added, some);
      this.theirs += some.length / ID_BYTES;
      meter.spend(((EXPAND_COST + LOOKUP_COST) * some.length) / ID_BYTES);
      this.#lookUp(some);
    }
  }

  #lookUp(ids: Uint8Array): void {
    const { snapshot, refuses } = this.#init;
    for (let at = 0; at < ids.length; at += ID_BYTES) {
      const id = ids.subarray(at, at + ID_BYTES);
      const name = bytesToKey(id);
      if (this.#seen.has(name)) throw malformed('an id is listed for the second time');
      this.#seen.add(name);
      if (snapshot.contains(id)) continue;
      if (refuses(id)) this.refused++;
      else this.#missing.push(id);
    }
  }

  /** What was found missing since the last call. */
  takeMissing(): Uint8Array[] {
    const missing = this.#missing;
    this.#missing = [];
    this.missing += missing.length;
    return missing;
  }

  /** The state the peer must have in [begin, end), and its count. */
  expected(begin: number, end: number): { state: Uint8Array; count: number } {
    const { snapshot } = this.#init;
    const state = snapshot.fingerprint(begin, end).slice();
    snapshot.scheme.difference(state, this.#change.removed);
    snapshot.scheme.combine(state, this.#change.added);
    return { state, count: end - begin - this.mine + this.theirs };
  }
}
