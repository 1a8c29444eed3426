import { type Bound, compareBounds, equalBytes } from '../../../store/index.ts';
import { ProtocolError } from '../../errors.ts';
import type { Finding, Interval, Role, Surveyed } from '../dialect.ts';
import { Announced, partsOf } from './announced.ts';
import type { AskedRange } from './asked.ts';
import { malformed } from './bytes.ts';
import { type Context, locate, type Range, type Work } from './context.ts';
import { Predictor } from './estimate.ts';
import { rootHint } from './key.ts';
import { FINGERPRINT_COST } from './meter.ts';
import type { Opening } from './opening.ts';
import { OwnGroups } from './own-groups.ts';
import { type PeerGroup, PeerGroups } from './peer-groups.ts';
import type { ListRecord, NativeRecord, RunRecord } from './records.ts';
import { Verdicts } from './verdicts.ts';

export interface ExchangeInit {
  role: Role;
  context: Context;
  /** What both accept. */
  interval: Interval;
  ours: Opening;
  theirs: Opening;
}

/** Records that answer ranges, or begin to. */
const VERDICTS: ReadonlySet<string> = new Set([
  ...['same', 'later', 'want', 'take', 'all', 'split', 'fail', 'sketch', 'list'],
]);

/** What the peer is sending in full: everything below `cursor` has come. */
interface Incoming {
  readonly range: Range;
  cursor: Bound;
}

/**
 * Everything between the openings and the proofs. Two lanes of work: verdicts on the peer's ranges,
 * which may have to wait for the peer, and answers to groups, which never do; so two sides that both
 * have much to say cannot wait for each other.
 */
export class Exchange {
  readonly #init: ExchangeInit;
  readonly #whole: Range;
  readonly #announced: Announced = new Announced();
  readonly #own: OwnGroups;
  readonly #peers: PeerGroups;
  readonly #verdicts: Verdicts;
  readonly #answers: Work[] = [];
  #deciding: Work | null = null;
  #waiting = false;
  #incoming: Incoming | null = null;
  #list: PeerGroup | null = null;
  #putOff: Bound | null = null;
  /** Where the sets differ, when nothing is to be settled. */
  readonly survey: Surveyed[] = [];
  #differs = false;
  #proofSent = false;
  #proof: Uint8Array | null = null;

  constructor(init: ExchangeInit) {
    this.#init = init;
    const { context, ours, theirs } = init;
    const predictor = new Predictor();
    this.#whole = locate(context, init.interval);
    this.#own = new OwnGroups(context, predictor);
    this.#peers = new PeerGroups({
      context,
      predictor,
      fail: (group) => this.#verdicts.push({ kind: 'retry', group }),
      later: (work) => this.#answers.push(work),
    });
    this.#verdicts = new Verdicts({
      context,
      predictor,
      own: this.#own,
      peers: this.#peers,
      announced: (ranges) => this.#announced.push(ranges),
      putOff: (lower) => this.#noteOff(lower),
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
      this.#announced.push([this.#whole]);
      return;
    }
    // What they say of more than is reconciled says nothing of that.
    const told = sameInterval(theirs.interval, interval);
    const same = told && this.#sameAs(theirs, sameInterval(ours.interval, interval) ? ours : null);
    const asked = { ...interval, theirs: told ? theirs.count : null, digest: null };
    this.#differs = told && !same;
    this.#verdicts.push({ kind: same ? 'same' : 'compare', ranges: [asked] });
  }

  #sameAs({ count, root }: Opening, ours: Opening | null): boolean {
    const { begin, end } = this.#whole;
    if (end - begin !== count) return false;
    if (ours !== null) return equalBytes(ours.root, root);
    const { snapshot, meter } = this.#init.context;
    meter.spend(FINGERPRINT_COST);
    return equalBytes(rootHint(snapshot.fingerprint(begin, end), count), root);
  }

  /** There is work that needs nothing of the peer. */
  get working(): boolean {
    if (this.#init.context.outbox.full) return false;
    if (this.#answers.length > 0) return true;
    if (this.#deciding !== null) return !this.#waiting;
    return !this.#verdicts.idle || this.#mayProve;
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
      proved: this.#proved(),
      continueFrom: this.#putOff,
    };
  }

  /** The lowest bound above which something may be left to settle. */
  get unsettledFrom(): Bound | null {
    const open: Iterable<{ readonly lower: Bound }>[] = [
      this.#announced.ranges(),
      this.#verdicts.unanswered(),
      this.#own.ranges(),
      this.#peers.ranges(),
      this.#incoming === null ? [] : [{ lower: this.#incoming.cursor }],
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
    if (this.#deciding === null && this.#verdicts.idle) {
      this.#prove();
      return;
    }
    this.#deciding ??= this.#verdicts.run();
    const { done, value } = this.#deciding.next();
    if (done === true) this.#deciding = null;
    this.#waiting = value === 'wait';
  }

  /** Takes in one record; what it returns is to be done before the next. */
  receive(record: Exclude<NativeRecord, { tag: 'open' | 'stop' }>): Work | null {
    if (this.#proof !== null)
      throw new ProtocolError('UNEXPECTED_FRAME', 'the peer had said that it was done');
    this.#waiting = false;
    if (record.tag !== 'same' && record.tag !== 'proof') this.#differs = true;
    if (this.#incoming !== null && VERDICTS.has(record.tag))
      throw malformed('a range in full is cut short');
    switch (record.tag) {
      case 'same':
      case 'later':
      case 'want':
      case 'take':
        this.#receiveRun(record);
        break;
      case 'all':
        this.#receiveAll();
        break;
      case 'piece':
        return this.#receivePiece(record.upper, record.ids);
      case 'give':
        return this.#own.give(record);
      case 'grant':
        return this.#peers.grant(record);
      case 'split':
        this.#ask(partsOf(this.#announced.shift(1)[0]!, record));
        break;
      case 'fail':
        this.#announced.unshift(this.#own.failed(record.group).map(narrowed));
        break;
      case 'proof':
        this.#receiveProof(record.digest);
        break;
      default:
        this.#receiveOfGroup(record);
    }
    return null;
  }

  #receiveRun({ tag, ranges: count }: RunRecord): void {
    if (tag === 'take') {
      this.#announced.take(count);
      return;
    }
    const ranges = this.#announced.shift(count);
    if (tag === 'later') for (const { lower } of ranges) this.#noteOff(lower);
    if (tag === 'want') {
      const asked = ranges.map(({ lower, upper }) => ({ lower, upper, theirs: 0, digest: null }));
      this.#verdicts.push({ kind: 'full', ranges: asked });
    }
  }

  #receiveOfGroup(
    record: Extract<
      NativeRecord,
      { tag: 'sketch' | 'list' | 'more' | 'symbols' | 'found' | 'match' }
    >,
  ): void {
    switch (record.tag) {
      case 'sketch':
        this.#answer(this.#peers.sketch(this.#announced.group(), record));
        break;
      case 'list':
        this.#receiveList(record);
        break;
      case 'more':
        this.#answer(this.#own.more(record.group, record.symbols));
        break;
      case 'symbols':
        this.#answer(this.#peers.symbols(record.group, record.symbols));
        break;
      case 'found':
        this.#answer(this.#own.found(record));
        break;
      default:
        this.#answer(this.#own.match(record));
    }
  }

  #receiveList(record: ListRecord): void {
    const peer = this.#peers.list(
      this.#list === null ? this.#announced.group() : [],
      record,
      this.#list,
    );
    this.#list = record.last ? null : peer;
    if (record.last) this.#answer(this.#peers.answerList(peer));
  }

  #receiveAll(): void {
    const range = this.#announced.shift(1)[0]!;
    this.#incoming = { range, cursor: range.lower };
  }

  *#receivePiece(upper: Bound | null, ids: Uint8Array): Work {
    const incoming = this.#incoming;
    if (incoming === null) throw malformed('ids of a range that is not open');
    if (upper !== null) {
      const above = compareBounds(incoming.cursor, upper) < 0;
      if (!above || compareBounds(upper, incoming.range.upper) >= 0)
        throw malformed('a piece lies out of its range');
      if (ids.length === 0) throw malformed('a piece of nothing');
    }
    yield* this.#init.context.ledger.got(ids);
    if (upper === null) this.#incoming = null;
    else incoming.cursor = upper;
  }

  /**
   * Called before a frame is looked at, when all ids so far have been handed out. What the peer sends
   * in full it does not know to be too much: only a stop ends it.
   */
  checkBudget(): void {
    const { ledger, limits } = this.#init.context;
    if (ledger.theirs <= limits.maxMissing) return;
    if (this.#incoming === null && ledger.theirs <= 2 * limits.maxMissing) return;
    throw new ProtocolError(
      'BUDGET_SPENT',
      `more than ${limits.maxMissing} ids are missing: a new session goes on behind them`,
    );
  }

  #ask(ranges: AskedRange[]): void {
    this.#verdicts.push({ kind: 'compare', ranges });
  }

  #answer(work: Work | null): void {
    if (work !== null) this.#answers.push(work);
  }

  #noteOff(lower: Bound): void {
    if (this.#putOff === null || compareBounds(lower, this.#putOff) < 0) this.#putOff = lower;
  }

  get #spent(): boolean {
    const { meter, ledger, limits } = this.#init.context;
    return meter.visited > limits.maxVisitedItems || ledger.theirs > limits.maxMissing;
  }

  /** Nothing is outstanding, on either side. */
  get #settled(): boolean {
    const open = this.#announced.size + this.#own.open + this.#peers.open + this.#answers.length;
    return open === 0 && this.#verdicts.idle && this.#deciding === null && this.#incoming === null;
  }

  get #mayProve(): boolean {
    return !this.#proofSent && this.#settled;
  }

  #prove(): void {
    const { context, role, interval } = this.#init;
    const { begin, end } = this.#whole;
    const state = context.snapshot.fingerprint(begin, end);
    const digest = context.key.proof(role, state, end - begin, interval);
    context.outbox.push({ tag: 'proof', digest });
    this.#proofSent = true;
  }

  #receiveProof(digest: Uint8Array): void {
    if (!this.#settled)
      throw new ProtocolError('UNEXPECTED_FRAME', 'the peer says it is done, and it is not');
    this.#proof = digest.slice();
  }

  #proved(): boolean {
    const { context, role, interval } = this.#init;
    const { state, count } = context.ledger.expected(this.#whole.begin, this.#whole.end);
    const peer = role === 'initiator' ? 'responder' : 'initiator';
    return count >= 0 && equalBytes(context.key.proof(peer, state, count, interval), this.#proof!);
  }
}

function sameInterval(a: Interval, b: Interval): boolean {
  return compareBounds(a.lower, b.lower) === 0 && compareBounds(a.upper, b.upper) === 0;
}

function narrowed(range: Range): Range {
  return { ...range, narrow: true };
}
