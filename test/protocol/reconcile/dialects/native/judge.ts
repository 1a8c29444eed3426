import type { Surveyed } from '../../../../../src/protocol/index.ts';
import {
  OwnGroups,
  type PeerGroup,
  Predictor,
} from '../../../../../src/protocol/reconcile/dialects/native/groups/index.ts';
import { newGroup } from '../../../../../src/protocol/reconcile/dialects/native/groups/testing.ts';
import {
  type AskedRange,
  Course,
  RangePlanner,
  rangeDigest,
} from '../../../../../src/protocol/reconcile/dialects/native/session/testing.ts';
import type {
  Cluster,
  Context,
  NativeWork,
  RankedRange,
} from '../../../../../src/protocol/reconcile/dialects/native/testing.ts';
import type { NativeRecord } from '../../../../../src/protocol/reconcile/dialects/native/wire/index.ts';
import type { Bound, ItemKey } from '../../../../../src/store/index.ts';
import { type ContextInit, contextOf, perform } from './puppet.ts';

export interface JudgeInit extends ContextInit {
  keys: readonly ItemKey[];
  settles?: { ours: boolean; theirs: boolean };
  /** Ranges that may still be announced. */
  room?: number;
}

/** The answers of one side to ranges, with groups and announcements kept where they can be seen. */
export class Judge {
  readonly context: Context;
  readonly predictor: Predictor = new Predictor();
  readonly own: OwnGroups;
  readonly verdicts: RangePlanner;
  readonly off: { lower: bigint; spent: string | null }[] = [];
  readonly abandoned: PeerGroup[] = [];
  spent: string | null = null;
  room: number;
  readonly #course: Course;
  readonly #keys: readonly ItemKey[];
  #work: NativeWork | null = null;

  constructor(init: JudgeInit) {
    const { keys, settles = { ours: true, theirs: true }, room = 65_536, ...rest } = init;
    this.#keys = keys;
    this.room = room;
    const context = contextOf({ keys, ...rest });
    const { predictor } = this;
    this.context = context;
    this.own = new OwnGroups({ context, predictor, later: () => {} });
    const noteOff = ({ hint }: Bound, spent: string | null): void => {
      this.off.push({ lower: hint, spent });
    };
    this.#course = Object.defineProperties(new Course(context, settles), {
      room: { get: () => this.room },
      spent: { get: () => this.spent },
      noteOff: { value: noteOff },
    });
    this.verdicts = new RangePlanner({
      context,
      predictor,
      own: this.own,
      peers: { drop: (group) => this.abandoned.push(group) },
      course: this.#course,
    });
  }

  /** The ranges that the peer has to answer. */
  get announced(): RankedRange[] {
    return [...this.#course.announced.ranges()] as RankedRange[];
  }

  get parts(): readonly Surveyed[] {
    return this.#course.survey;
  }

  /** The ranks [begin, end) of our keys, which the peer says it has so many items in. */
  range(begin: number, end: number, theirs: number | null, cluster?: Cluster): AskedRange {
    const at = (rank: number) => ({
      hint: this.#keys[rank]?.hint ?? this.#keys.at(-1)!.hint + 1n + BigInt(rank),
      id: null,
    });
    const digest = new Uint8Array(5).fill(1);
    return {
      ...{ lower: at(begin), upper: at(end), theirs, digest },
      ...(cluster === undefined ? {} : { cluster }),
    };
  }

  /** The same, and nothing differs there. */
  equal(begin: number, end: number, cluster?: Cluster): AskedRange {
    const digest = rangeDigest(this.context, begin, end).slice();
    return { ...this.range(begin, end, end - begin, cluster), digest };
  }

  /** What is answered to ranges that come together, until only the peer can bring it on. */
  compare(...ranges: AskedRange[]): NativeRecord[] {
    this.verdicts.push({ kind: 'compare', ranges });
    return this.work();
  }

  /** What is answered to a group of the peer's, of these ranges of ours, that did not decode. */
  retry(
    ranks: readonly [number, number][],
    of: { count: number; estimate: number; symbols?: number },
  ): NativeRecord[] {
    const ranges = ranks.map(([begin, end]) => {
      const { lower, upper } = this.range(begin, end, null);
      return { lower, upper, begin, end };
    });
    const { count, estimate, symbols = 16 } = of;
    const words = new Uint32Array(2 * symbols);
    const group = {
      ...newGroup(7, ranges, { count, sums: new Uint8Array(32), words, form: 'wide' }),
      estimate,
    };
    this.verdicts.push({ kind: 'retry', group });
    return this.work();
  }

  /** Goes on where it had to wait. */
  work(): NativeRecord[] {
    this.#work ??= this.verdicts.run();
    const { said, waits } = perform(this.context, this.#work);
    if (!waits) this.#work = null;
    return said;
  }

  get waits(): boolean {
    return this.#work !== null;
  }
}

/** Records in short: `same 2`, `split 16`, `list 5x9`, `sketch 60/7`: items and symbols. */
export function inShort(records: readonly NativeRecord[]): string[] {
  return records.map((record) => {
    switch (record.tag) {
      case 'same':
      case 'later':
      case 'want':
      case 'take':
        return `${record.tag} ${record.ranges}`;
      case 'split':
        return `split ${record.parts.length}`;
      case 'list':
        return `list ${record.width}x${record.entries.length / record.width}`;
      case 'sketch':
        return `sketch ${record.count}/${record.symbols.length / (record.narrow === true ? 6 : 8)}`;
      case 'probe':
        return `probe ${record.count}`;
      case 'fail':
        return `fail ${record.group}: ${record.differences}`;
      case 'piece':
        return `piece ${record.ids.length / 32}${record.upper === null ? ', the last' : ''}`;
      default:
        return record.tag;
    }
  });
}
