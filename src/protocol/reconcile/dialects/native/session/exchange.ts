import { type Bound, compareBounds, invariant } from '../../../../../store/index.ts';
import { ProtocolError, unexpected } from '../../../../errors.ts';
import type { Finding, Interval, RecentKeys, Role } from '../../../dialect.ts';
import { isEmpty, sameInterval } from '../../../interval.ts';
import type { Context } from '../context.ts';
import { OwnGroups, PeerGroups, Predictor } from '../groups/index.ts';
import {
  malformed,
  type NativeRecord,
  type Opening,
  type ProofRecord,
  type RunRecord,
} from '../wire/index.ts';
import type { NativeWork } from '../work.ts';
import { partsOf } from './announced.ts';
import { Course } from './course.ts';
import { GroupLane } from './group-lane.ts';
import { Proofs } from './proofs.ts';
import { RangePlanner } from './range-planner.ts';
import { Recent } from './recent.ts';
import { toldItems } from './told-items.ts';

export interface ExchangeInit {
  role: Role;
  context: Context;
  /** Both sides accept it. */
  interval: Interval;
  ours: Opening;
  theirs: Opening;
  /** The initiator named count and root of this interval, and not of a larger one. */
  told: boolean;
  /** What came since the set here was that of the peer; null where that is not known. */
  recent: RecentKeys | null;
}

/**
 * Everything from the openings to the proofs, in two lanes of work. Answers to the peer's ranges may
 * wait for the peer; answers to groups never do. So two busy sides cannot wait for each other.
 */
export class Exchange {
  readonly #init: ExchangeInit;
  readonly #proofs: Proofs;
  readonly course: Course;
  readonly #own: OwnGroups;
  readonly #peers: PeerGroups;
  readonly #groups: GroupLane;
  readonly #planner: RangePlanner;
  readonly #recent: Recent;
  readonly #answers: NativeWork[] = [];
  #deciding: NativeWork | null = null;
  #waiting = false;
  /** A record was sent or received that equal sets do not need, if the responder can tell them. */
  #signs = false;
  #proofSent = false;
  #proof: ProofRecord | null = null;

  constructor(init: ExchangeInit) {
    this.#init = init;
    const { context, ours, theirs } = init;
    const predictor = new Predictor();
    this.#recent = new Recent(init.role, init.recent);
    this.#proofs = new Proofs(context, init.role, init.interval);
    const settles = { ours: ours.mode !== 'survey', theirs: theirs.mode !== 'survey' };
    this.course = new Course(context, settles);
    const groups = { context, predictor, later: (work: NativeWork) => this.#answers.push(work) };
    this.#own = new OwnGroups(groups);
    this.#peers = new PeerGroups({
      ...groups,
      fail: (group) => this.#planner.push({ kind: 'retry', group }),
    });
    const { announced } = this.course;
    this.#groups = new GroupLane({ own: this.#own, peers: this.#peers, announced });
    this.#planner = new RangePlanner({
      context,
      predictor,
      own: this.#own,
      peers: this.#peers,
      course: this.course,
    });
    this.#begin();
  }

  /** The opening of the initiator announces everything, and the responder answers it. */
  #begin(): void {
    const { role, interval, ours, theirs, told } = this.#init;
    if (this.#recent.answers) {
      this.#tell();
      return;
    }
    if (role === 'initiator') {
      this.course.announced.push([this.#proofs.whole]);
      return;
    }
    const own = sameInterval(ours.interval, theirs.interval) ? ours : null;
    const same = this.#proofs.looksEqual(theirs, own);
    // What differs in a larger interval need not differ in the common one.
    const asked = { ...interval, theirs: told ? theirs.count : null, digest: null };
    this.#signs = !same;
    this.#planner.push({ kind: same ? 'same' : 'compare', ranges: [asked] });
  }

  /** It is known that the sets differ. */
  get differs(): boolean {
    if (this.#init.told) return this.#signs;
    const { mine, theirs } = this.#init.context.ledger;
    return mine + theirs > 0 || this.course.putOffFrom !== null;
  }

  /** There is work that need not wait for the peer. */
  get working(): boolean {
    if (this.#init.context.outbox.full) return false;
    if (this.#answers.length > 0) return true;
    if (this.#deciding !== null) return !this.#waiting;
    return !this.#planner.idle || (!this.#proofSent && this.#settled);
  }

  get done(): boolean {
    return this.#proofSent && this.#proof !== null;
  }

  get finding(): Finding | null {
    if (!this.done) return null;
    const { context, interval, ours, theirs: peer } = this.#init;
    const { mine, theirs, refused } = context.ledger;
    const { digest, refused: refusedThere } = this.#proof!;
    return {
      interval,
      // Two sides that accept nothing of each other have compared nothing.
      whole: ours.whole && peer.whole && !isEmpty(interval),
      mine,
      theirs,
      refused,
      refusedThere,
      proved: this.#proofs.accepts(digest),
      continueFrom: this.course.putOffFrom,
      spent: this.course.spentOn,
    };
  }

  /** See `Session.unsettledFrom`. */
  get unsettledFrom(): Bound | null {
    const { announced, putOffFrom } = this.course;
    const open: Iterable<{ readonly lower: Bound }>[] = [
      announced.ranges(),
      this.#planner.unanswered(),
      this.#own.ranges(),
      this.#peers.ranges(),
      putOffFrom === null ? [] : [{ lower: putOffFrom }],
      this.#recent.telling ? [this.#proofs.whole] : [],
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
      if (answer === undefined) this.#decide();
      else if (answer.next().done === true) this.#answers.shift();
    }
  }

  #decide(): void {
    if (this.#deciding === null && this.#planner.idle) {
      const { outbox, ledger } = this.#init.context;
      const mayProve = this.#settled && !this.#proofSent;
      invariant(mayProve, 'session', 'PROOF_EARLY', [this.#proofSent, this.#answers.length]);
      const refused = ledger.refused + ledger.hidden;
      outbox.push({ tag: 'proof', digest: this.#proofs.ours(), refused });
      this.#proofSent = true;
      return;
    }
    this.#deciding ??= this.#planner.run();
    const { done, value } = this.#deciding.next();
    if (done === true) this.#deciding = null;
    this.#waiting = value === 'wait';
  }

  /** Takes one record. Returned work precedes the next record. */
  receive(record: Exclude<NativeRecord, { tag: 'open' | 'stop' }>): NativeWork | null {
    if (this.#proof !== null) throw unexpected('the peer had said that it was done');
    // Items count as the record of their ids.
    const said = record.tag === 'items' ? { tag: record.of } : record;
    const hearing = this.#recent.hearing(said);
    if (hearing === 'tell') this.#tell();
    if (hearing !== 'take') return null;
    if (this.#recent.begins(said)) this.#giveUp();
    this.#waiting = false;
    if (record.tag !== 'same' && record.tag !== 'proof') this.#signs = true;
    const { announced } = this.course;
    announced.check(record.tag);
    switch (record.tag) {
      case 'same':
      case 'later':
      case 'want':
      case 'take':
        this.#receiveRun(record);
        break;
      case 'all':
        announced.all();
        break;
      case 'items':
        return toldItems(record, { ...this.#init, announced, groups: this.#groups });
      case 'recent':
        return announced.recent(record.ids, record.last, this.#init.context.ledger);
      case 'piece':
        return announced.piece(record.upper, record.ids, this.#init.context.ledger);
      case 'split':
      case 'cut':
        this.#planner.push({ kind: 'compare', ranges: partsOf(announced.shift(1)[0]!, record) });
        break;
      case 'fail':
        this.#receiveFail(record.group, record.differences);
        break;
      case 'proof':
        this.#receiveProof(record);
        break;
      default:
        return this.#groups.receive(record);
    }
    return null;
  }

  /** Tells what came since the peer's root, in place of all else. */
  #tell(): void {
    const { context, interval } = this.#init;
    const { announced } = this.course;
    announced.shift(announced.size);
    this.#signs = true;
    this.#deciding = this.#recent.tell(context, interval);
  }

  /** All that is open is answered by what the peer tells now. */
  #giveUp(): void {
    if (this.#proofSent) throw unexpected('this side was done');
    this.#deciding = null;
    this.#planner.clear();
    this.#own.clear();
    this.course.restart(this.#proofs.whole);
  }

  #receiveProof({ tag, digest, refused }: ProofRecord): void {
    if (!this.#settled) throw unexpected('the peer says it is done, and it is not');
    const { mine } = this.#init.context.ledger;
    if (refused > mine) throw malformed(`of ${mine} ids it refuses ${refused}`);
    this.#proof = { tag, digest: digest.slice(), refused };
  }

  /** With several ranges the differences of each are unknown. */
  #receiveFail(group: number, differences: number): void {
    const ranges = this.#own.failed(group);
    const cluster = { differences: ranges.length === 1 ? differences : null };
    this.course.announced.unshift(ranges.map((range) => ({ ...range, cluster })));
  }

  #receiveRun({ tag, ranges: count }: RunRecord): void {
    const { announced, settles } = this.course;
    if (tag === 'take') {
      announced.take(count);
      return;
    }
    const ranges = announced.shift(count);
    // The peer puts ranges off for a budget of its own, unless one side surveys.
    const spent = settles.ours && settles.theirs ? 'a budget of the peer' : null;
    if (tag === 'later') for (const { lower } of ranges) this.course.noteOff(lower, spent);
    if (tag === 'want') {
      const asked = ranges.map(({ lower, upper }) => ({ lower, upper, theirs: 0, digest: null }));
      this.#planner.push({ kind: 'full', ranges: asked });
    }
  }

  /**
   * Called between frames. A range in full ends at the limit already: its sender does not know how many
   * of the ids are missing here.
   */
  checkBudget(): void {
    const { ledger, limits } = this.#init.context;
    if (ledger.theirs <= limits.maxMissing) return;
    if (!this.course.announced.receiving && ledger.theirs <= 2 * limits.maxMissing) return;
    throw new ProtocolError(
      'BUDGET_SPENT',
      `more than ${limits.maxMissing} ids are missing (maxMissing): a new session goes on behind them`,
    );
  }

  /** Nothing is outstanding on either side. */
  get #settled(): boolean {
    const { announced } = this.course;
    const groups = this.#own.open + this.#peers.open;
    const open = announced.size + groups + this.#answers.length;
    return open === 0 && this.#planner.idle && this.#deciding === null && !announced.receiving;
  }
}
