import { type Bound, compareBounds } from '../../../../../store/index.ts';
import { ProtocolError, unexpected } from '../../../../errors.ts';
import type { Finding, Interval, Role, Surveyed } from '../../../dialect.ts';
import type { Context } from '../context.ts';
import { Predictor } from '../groups/index.ts';
import type { NativeRecord, Opening, RunRecord } from '../wire/index.ts';
import { malformed } from '../wire/index.ts';
import type { NativeWork, RankedRange } from '../work.ts';
import { Announced, partsOf } from './announced.ts';
import { Groups } from './groups.ts';
import { Incoming } from './incoming.ts';
import { Proofs } from './proofs.ts';
import type { AskedRange } from './questions.ts';
import { RangePlanner } from './range-planner.ts';

export interface ExchangeInit {
  role: Role;
  context: Context;
  /** What both accept. */
  interval: Interval;
  ours: Opening;
  theirs: Opening;
}

/** Records that answer ranges, or begin to. */
const RANGE_ANSWERS: ReadonlySet<string> = new Set([
  ...['same', 'later', 'want', 'take', 'all', 'split', 'fail', 'sketch', 'probe', 'list'],
]);

/**
 * Everything between the openings and the proofs. Two lanes of work: verdicts on the peer's ranges,
 * which may have to wait for the peer, and answers to groups, which never do; so two sides that both
 * have much to say cannot wait for each other.
 */
export class Exchange {
  readonly #init: ExchangeInit;
  readonly #proofs: Proofs;
  readonly #announced: Announced = new Announced();
  readonly #groups: Groups;
  readonly #planner: RangePlanner;
  readonly #incoming: Incoming;
  readonly #answers: NativeWork[] = [];
  #deciding: NativeWork | null = null;
  #waiting = false;
  #putOff: Bound | null = null;
  #spentOn: string | null = null;
  /** Where the sets differ, when nothing is to be settled. */
  readonly survey: Surveyed[] = [];
  #differs = false;
  #proofSent = false;
  #proof: Uint8Array | null = null;

  constructor(init: ExchangeInit) {
    this.#init = init;
    const { context, ours, theirs } = init;
    const predictor = new Predictor();
    this.#proofs = new Proofs(context, init.role, init.interval);
    this.#incoming = new Incoming(context.ledger);
    this.#groups = new Groups(
      {
        context,
        predictor,
        fail: (group) => this.#planner.push({ kind: 'retry', group }),
        later: (work) => this.#answers.push(work),
      },
      this.#announced,
    );
    this.#planner = new RangePlanner({
      context,
      predictor,
      own: this.#groups.own,
      abandon: (group) => this.#groups.peers.drop(group),
      announced: (ranges) => this.#announced.push(ranges),
      putOff: (lower, spent) => this.#noteOff(lower, spent),
      roomForRanges: () => context.peer.maxRanges - this.#announced.size,
      spent: () => this.#spent,
      settles: { ours: ours.settles !== false, theirs: theirs.settles !== false },
      surveyed: (part) => this.survey.push(part),
    });
    this.#begin();
  }

  /** The initiator announces everything by its opening, and the responder answers that. */
  #begin(): void {
    const { role, interval, ours, theirs } = this.#init;
    if (role === 'initiator') {
      this.#announced.push([this.#proofs.whole]);
      return;
    }
    // What they say of more than is reconciled says nothing of that.
    const told = sameInterval(theirs.interval, interval);
    const own = sameInterval(ours.interval, interval) ? ours : null;
    const same = told && this.#proofs.looksEqual(theirs, own);
    const asked = { ...interval, theirs: told ? theirs.count : null, digest: null };
    this.#differs = told && !same;
    this.#planner.push({ kind: same ? 'same' : 'compare', ranges: [asked] });
  }

  /** There is work that needs nothing of the peer. */
  get working(): boolean {
    if (this.#init.context.outbox.full) return false;
    if (this.#answers.length > 0) return true;
    if (this.#deciding !== null) return !this.#waiting;
    return !this.#planner.idle || this.#mayProve;
  }

  /** Something was said that equal sets leave unsaid. */
  get differs(): boolean {
    return this.#differs;
  }

  get done(): boolean {
    return this.#proofSent && this.#proof !== null;
  }

  get finding(): Finding | null {
    if (!this.done) return null;
    const { ledger } = this.#init.context;
    const { mine, theirs, refused } = ledger;
    return {
      interval: this.#init.interval,
      mine,
      theirs,
      refused,
      proved: this.#proofs.accepts(this.#proof!),
      continueFrom: this.#putOff,
      spent: this.#spentOn,
    };
  }

  /** The lowest bound above which something may be left to settle. */
  get unsettledFrom(): Bound | null {
    const open: Iterable<{ readonly lower: Bound }>[] = [
      this.#announced.ranges(),
      this.#planner.unanswered(),
      this.#groups.ranges(),
      this.#incoming.ranges(),
      this.#putOff === null ? [] : [{ lower: this.#putOff }],
    ];
    let lowest: Bound | null = null;
    for (const ranges of open) {
      for (const { lower } of ranges) {
        if (lowest === null || compareBounds(lower, lowest) < 0) lowest = lower;
      }
    }
    return lowest;
  }

  /** One turn of work. */
  work(): void {
    const { meter, outbox } = this.#init.context;
    while (!meter.over && !outbox.full && this.working) {
      const answer = this.#answers[0];
      if (answer !== undefined) {
        if (answer.next().done === true) this.#answers.shift();
      } else {
        this.#decide();
      }
    }
  }

  #decide(): void {
    if (this.#deciding === null && this.#planner.idle) {
      this.#prove();
      return;
    }
    this.#deciding ??= this.#planner.run();
    const { done, value } = this.#deciding.next();
    if (done === true) this.#deciding = null;
    this.#waiting = value === 'wait';
  }

  /** Takes in one record; what it returns is to be done before the next. */
  receive(record: Exclude<NativeRecord, { tag: 'open' | 'stop' }>): NativeWork | null {
    if (this.#proof !== null) throw unexpected('the peer had said that it was done');
    this.#waiting = false;
    if (record.tag !== 'same' && record.tag !== 'proof') this.#differs = true;
    if (this.#incoming.open && RANGE_ANSWERS.has(record.tag))
      throw malformed('a range in full is cut short');
    switch (record.tag) {
      case 'same':
      case 'later':
      case 'want':
      case 'take':
        this.#receiveRun(record);
        break;
      case 'all':
        this.#incoming.begin(this.#announced.shift(1)[0]!);
        break;
      case 'piece':
        return this.#incoming.piece(record.upper, record.ids);
      case 'split':
        this.#ask(partsOf(this.#announced.shift(1)[0]!, record));
        break;
      case 'fail':
        this.#announced.unshift(
          clustered(this.#groups.own.failed(record.group), record.differences),
        );
        break;
      case 'proof':
        this.#receiveProof(record.digest);
        break;
      default:
        return this.#groups.receive(record);
    }
    return null;
  }

  #receiveRun({ tag, ranges: count }: RunRecord): void {
    if (tag === 'take') {
      this.#announced.take(count);
      return;
    }
    const ranges = this.#announced.shift(count);
    if (tag === 'later') for (const { lower } of ranges) this.#noteOff(lower, this.#peerSpent);
    if (tag === 'want') {
      const asked = ranges.map(({ lower, upper }) => ({ lower, upper, theirs: 0, digest: null }));
      this.#planner.push({ kind: 'full', ranges: asked });
    }
  }

  /**
   * Called before a frame is looked at, when all ids so far have been handed out. What the peer sends
   * in full it does not know to be too much: only a stop ends it.
   */
  checkBudget(): void {
    const { ledger, limits } = this.#init.context;
    if (ledger.theirs <= limits.maxMissing) return;
    if (!this.#incoming.open && ledger.theirs <= 2 * limits.maxMissing) return;
    throw new ProtocolError(
      'BUDGET_SPENT',
      `more than ${limits.maxMissing} ids are missing (maxMissing): a new session goes on behind them`,
    );
  }

  #ask(ranges: AskedRange[]): void {
    this.#planner.push({ kind: 'compare', ranges });
  }

  #noteOff(lower: Bound, spent: string | null): void {
    this.#spentOn ??= spent;
    if (this.#putOff === null || compareBounds(lower, this.#putOff) < 0) this.#putOff = lower;
  }

  get #spent(): string | null {
    const { meter, ledger, limits } = this.#init.context;
    const { maxVisitedItems, maxMissing } = limits;
    if (meter.visited > maxVisitedItems) return `${maxVisitedItems} items read (maxVisitedItems)`;
    return ledger.theirs > maxMissing ? `${maxMissing} missing ids (maxMissing)` : null;
  }

  /** What the peer puts off is for a budget of its own, unless one side was to settle nothing. */
  get #peerSpent(): string | null {
    const { ours, theirs } = this.#init;
    const settling = ours.settles !== false && theirs.settles !== false;
    return settling ? 'a budget of the peer' : null;
  }

  /** Nothing is outstanding, on either side. */
  get #settled(): boolean {
    const open = this.#announced.size + this.#groups.open + this.#answers.length;
    return open === 0 && this.#planner.idle && this.#deciding === null && !this.#incoming.open;
  }

  get #mayProve(): boolean {
    return !this.#proofSent && this.#settled;
  }

  #prove(): void {
    this.#init.context.outbox.push({ tag: 'proof', digest: this.#proofs.ours() });
    this.#proofSent = true;
  }

  #receiveProof(digest: Uint8Array): void {
    if (!this.#settled) throw unexpected('the peer says it is done, and it is not');
    this.#proof = digest.slice();
  }
}

function sameInterval(a: Interval, b: Interval): boolean {
  return compareBounds(a.lower, b.lower) === 0 && compareBounds(a.upper, b.upper) === 0;
}

/** The ranges of a group that failed: of one of many nobody knows how much differs in it. */
function clustered(ranges: readonly RankedRange[], differences: number): RankedRange[] {
  const cluster = { differences: ranges.length === 1 ? differences : null };
  return ranges.map((range) => ({ ...range, cluster }));
}
