import { type Bound, compareBounds } from '../../../../../store/index.ts';
import type { DifferenceLedger } from '../difference-ledger.ts';
import { malformed } from '../wire/index.ts';
import type { NativeWork, RankedRange } from '../work.ts';

/** A range that the peer is sending in full, piece by piece. */
export class Incoming {
  readonly #ledger: DifferenceLedger;
  #range: RankedRange | null = null;
  #cursor: Bound | null = null;

  constructor(ledger: DifferenceLedger) {
    this.#ledger = ledger;
  }

  get open(): boolean {
    return this.#range !== null;
  }

  /** The lower bound of the rest. */
  *ranges(): Iterable<{ readonly lower: Bound }> {
    if (this.#cursor !== null) yield { lower: this.#cursor };
  }

  begin(range: RankedRange): void {
    this.#range = range;
    this.#cursor = range.lower;
  }

  /** Takes the ids below `upper`, or the last ones. */
  *piece(upper: Bound | null, ids: Uint8Array): NativeWork {
    if (this.#range === null) throw malformed('ids of a range that is not open');
    if (upper !== null) this.#check(upper, ids);
    yield* this.#ledger.got(ids);
    this.#cursor = upper;
    if (upper === null) this.#range = null;
  }

  #check(upper: Bound, ids: Uint8Array): void {
    const above = compareBounds(this.#cursor!, upper) < 0;
    if (!above || compareBounds(upper, this.#range!.upper) >= 0) {
      throw malformed('a piece lies out of its range');
    }
    if (ids.length === 0) throw malformed('a piece of nothing');
  }
}
