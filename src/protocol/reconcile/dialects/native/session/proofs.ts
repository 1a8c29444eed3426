import { equalBytes } from '../../../../../store/index.ts';
import type { Interval, Role } from '../../../dialect.ts';
import { type Context, locate } from '../context.ts';
import { rootHint } from '../key.ts';
import { FINGERPRINT_COST } from '../meter.ts';
import type { Opening } from '../wire/index.ts';
import type { RankedRange } from '../work.ts';

/** What both sides say at the ends of a session, of the interval that both accept. */
export class Proofs {
  readonly #context: Context;
  readonly #role: Role;
  readonly #interval: Interval;
  /** The interval and its ranks. */
  readonly whole: RankedRange;

  constructor(context: Context, role: Role, interval: Interval) {
    this.#context = context;
    this.#role = role;
    this.#interval = interval;
    this.whole = locate(context, interval);
  }

  /**
   * Whether the peer's opening names our root and count; `ours` is our opening where it speaks of this
   * interval. A hint: the proofs tell.
   */
  looksEqual({ count, root }: Opening, ours: Opening | null): boolean {
    const { begin, end } = this.whole;
    if (end - begin !== count) return false;
    if (ours !== null) return equalBytes(ours.root, root);
    const { snapshot, meter } = this.#context;
    meter.spend(FINGERPRINT_COST);
    return equalBytes(rootHint(snapshot.fingerprint(begin, end), count), root);
  }

  /** What we say: 16 bytes. */
  ours(): Uint8Array {
    const { snapshot, key } = this.#context;
    const { begin, end } = this.whole;
    return key.proof(this.#role, snapshot.fingerprint(begin, end), end - begin, this.#interval);
  }

  /** Whether the peer said what follows from our set and all that was found. */
  accepts(theirs: Uint8Array): boolean {
    const { key, ledger } = this.#context;
    const { state, count } = ledger.expected(this.whole.begin, this.whole.end);
    const peer = this.#role === 'initiator' ? 'responder' : 'initiator';
    return count >= 0 && equalBytes(key.proof(peer, state, count, this.#interval), theirs);
  }
}
