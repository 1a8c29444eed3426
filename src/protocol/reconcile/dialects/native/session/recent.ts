import { ID_BYTES } from '../../../../../store/index.ts';
import { unexpected } from '../../../../errors.ts';
import type { Interval, RecentKeys, Role } from '../../../dialect.ts';
import type { Context } from '../context.ts';
import { idsThatFit, sendItems } from '../groups/index.ts';
import type { NativeRecord } from '../wire/index.ts';
import { malformed } from '../wire/index.ts';
import { type NativeWork, send } from '../work.ts';

/** The answers of a responder to the whole interval, on their way while it is told what came since. */
const CROSSING: ReadonlySet<string> = new Set([
  ...['want', 'take', 'split', 'cut', 'sketch', 'probe', 'list'],
]);

/** What a look at some keys of the history costs, as items read. */
const LOOK_COST = 1_024;

/** A session in which one side knows the root of the other, and tells what came since. */
export class Recent {
  readonly #role: Role;
  /** What this side can tell; null where it does not know the root of the peer. */
  #tells: RecentKeys | null;
  #begun = false;
  /** The peer has sent something else. */
  #late = false;
  #hears = false;
  /** Not all is told. */
  telling = false;

  constructor(role: Role, tells: RecentKeys | null) {
    this.#role = role;
    this.#tells = tells;
  }

  /** A responder answers by it at once. An initiator first waits for the answer, which may put all off. */
  get answers(): boolean {
    return this.#tells !== null && this.#role === 'responder';
  }

  tell(context: Context, interval: Interval): NativeWork {
    this.#begun = true;
    this.telling = true;
    return this.#tell(context, interval);
  }

  *#tell(context: Context, interval: Interval): NativeWork {
    const { outbox, ledger, meter } = context;
    for (const ids of this.#tells!.ids(interval)) {
      // Keys outside the interval were looked at too.
      meter.spend(LOOK_COST);
      if (meter.over) yield 'slice';
      for (let at = 0; at < ids.length; ) {
        while (outbox.full) yield 'output';
        if (meter.over) yield 'slice';
        const some = ids.subarray(at, at + ID_BYTES * idsThatFit(context));
        at += some.length;
        ledger.gave(some);
        const left = yield* sendItems({ of: 'recent', group: 0 }, some, context);
        if (left.length > 0) yield* send(outbox, { tag: 'recent', last: false, ids: left });
      }
    }
    while (outbox.full) yield 'output';
    outbox.push({ tag: 'recent', last: true, ids: new Uint8Array(0) });
    this.telling = false;
  }

  /** Whether the record is the first that tells what came since. Throws for one out of turn. */
  begins({ tag }: Pick<NativeRecord, 'tag'>): boolean {
    const first = tag === 'recent' && !this.#hears;
    if (first && this.#late) {
      throw unexpected('the peer tells what came since after something else');
    }
    if (this.#hears && tag !== 'recent' && tag !== 'proof')
      throw malformed('it tells what came since, and something else');
    this.#late = true;
    this.#hears ||= first;
    return first;
  }

  /**
   * What to do with a record of a peer that can be told what came since. `void`: its sender had not heard it.
   * `tell`: likewise, and it is the first, so that it is told now.
   */
  hearing({ tag }: Pick<NativeRecord, 'tag'>): 'tell' | 'void' | 'take' {
    if (this.#tells === null || (this.#begun && tag === 'proof')) return 'take';
    if (this.#role === 'initiator' && CROSSING.has(tag)) return this.#begun ? 'void' : 'tell';
    if (this.#begun) throw unexpected('the peer was told what came since');
    this.#tells = null;
    return 'take';
  }
}
