import { equalBytes } from '../../../../../store/index.ts';
import type { Interval, Role } from '../../../dialect.ts';
import { rootHint } from '../../../root.ts';
import { FINGERPRINT_COST } from '../../shared/index.ts';
import { type Context, locate } from '../context.ts';
import type { Opening } from '../wire/index.ts';
import type { RankedRange } from '../work.ts';

/** Equality claims about the common interval: roots at the start of a session, proofs at its end. */
export class Proofs {
  readonly #context: Context;
  readonly #role: Role;
  /** The interval and its ranks. */
  readonly whole: RankedRange;

  constructor(context: Context, role: Role, interval: Interval) {
    this.#context = context;
    this.#role = role;
    this.whole = locate(context, interval);
  }

  /**
   * Whether the opening, of this interval or a larger one, names our root and count there: a hint.
   * `ours`: our opening, if for the same interval.
   */
  looksEqual({ interval, count, root }: Opening, ours: Opening | null): boolean {
    const { begin, end } = locate(this.#context, interval);
    if (end - begin !== count) return false;
    if (ours !== null) return equalBytes(ours.root, root);
    const { snapshot, meter } = this.#context;
    meter.spend(FINGERPRINT_COST);
    return equalBytes(rootHint(snapshot.fingerprint(begin, end), count), root);
  }

  /** Our proof: 16 bytes. */
  ours(): Uint8Array {
    const { snapshot, key } = this.#context;
    const { begin, end } = this.whole;
    return key.proof(this.#role, snapshot.fingerprint(begin, end), end - begin, this.whole);
  }

  /** Whether the peer's proof follows from our set and the differences found. */
  accepts(theirs: Uint8Array): boolean {
    const { key, ledger } = this.#context;
    const { state, count } = ledger.expected(this.whole.begin, this.whole.end);
    const peer = this.#role === 'initiator' ? 'responder' : 'initiator';
    return count >= 0 && equalBytes(key.proof(peer, state, count, this.whole), theirs);
  }
}
