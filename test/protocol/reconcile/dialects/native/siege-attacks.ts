import type { NativeLimits } from '../../../../../src/protocol/index.ts';
import type {
  NativeRecord,
  Opening,
} from '../../../../../src/protocol/reconcile/dialects/native/wire/index.ts';
import type { Bound, ItemKey } from '../../../../../src/store/index.ts';
import { keysOf } from '../../../../conformance/pairs.ts';
import { SeededRandom } from '../../../../support/random.ts';
import { Evil, type Malice } from './evil.ts';
import { openingOf } from './support.ts';

const ITEMS = 5_000;
const MANY = Number.MAX_SAFE_INTEGER;

/** What every session here may spend, unless an attack needs another bound to be the first. */
export const BUDGET: Partial<NativeLimits> = {
  maxVisitedItems: 200_000,
  maxRounds: 400,
  maxBytes: 4_000_000,
  maxMissing: 5_000,
};

/** What the attacker says to what was said to it; null is silence. */
export type Attack = (
  heard: readonly NativeRecord[],
  victim: Opening,
) => readonly NativeRecord[] | null;

export interface Case {
  readonly name: string;
  readonly attack: () => Attack;
  readonly limits?: Partial<NativeLimits>;
  readonly code: string;
  /** The bound that ended it, by name. */
  readonly says: RegExp;
  /** Whether the next session begins behind what was settled. */
  readonly goesOn?: boolean;
}

const random = new SeededRandom('siege');
export const keys: readonly ItemKey[] = keysOf(1, ITEMS);
const at = (rank: number): Bound => ({ hint: keys[rank]!.hint, id: null });

export const opening = (change: Partial<Opening> = {}): NativeRecord =>
  openingOf(random, { count: ITEMS, ...change });
const proof = (): NativeRecord => ({ tag: 'proof', digest: random.bytes(16), refused: 0 });
const split = (uppers: readonly Bound[], count: number): NativeRecord => ({
  tag: 'split',
  parts: [...uppers, null].map((upper) => ({ upper, count, digest: random.bytes(5) })),
});

/** A responder that keeps to the rules, so that nothing but a budget ends it. */
function lawful(malice: Malice): Attack {
  const evil = new Evil(random, malice);
  return (heard) => evil.answer(heard.filter(({ tag }) => tag !== 'open'));
}

/** Ids in pieces, for ever. */
export function endless(ids: number): Attack {
  let hint = 1n;
  return (heard) => {
    const piece: NativeRecord = {
      tag: 'piece',
      upper: { hint: hint++, id: null },
      ids: random.bytes(32 * ids),
    };
    return heard.some(({ tag }) => tag === 'open') ? [{ tag: 'all' }, piece] : [piece];
  };
}

const garbage = (): NativeRecord[] => [
  { tag: 'take', ranges: 1 },
  { tag: 'sketch', count: ITEMS, sums: random.bytes(32), symbols: random.bytes(8 * 16) },
];

export const CASES: readonly Case[] = [
  {
    name: 'always answers "different"',
    attack: () => {
      let hint = 1n;
      // One part that is empty, and one that is all there is, again and again.
      return lawful({
        range: ({ lower }) =>
          lower.hint + 1n < hint
            ? [{ tag: 'same', ranges: 1 }]
            : [split([{ hint: hint++, id: null }], ITEMS)],
      });
    },
    code: 'BUDGET_SPENT',
    says: /200000 items read \(maxVisitedItems\)/,
  },
  {
    name: 'echoes our root and our proof',
    attack: () => (heard) => {
      const ours = heard.find((record) => record.tag === 'proof');
      return ours === undefined ? [{ tag: 'same', ranges: 1 }] : [ours];
    },
    code: 'UNPROVED',
    says: /do not explain the set of the peer/,
  },
  {
    name: 'sends garbage symbols for ever',
    attack: () => lawful({ range: garbage }),
    limits: { maxRangeItems: 300, maxVisitedItems: 30_000 },
    code: 'BUDGET_SPENT',
    says: /30000 items read \(maxVisitedItems\)/,
  },
  {
    name: 'claims counts of 2^53',
    attack: () => () => [split([at(1_000)], 2 ** 53)],
    code: 'MALFORMED_FRAME',
    says: /count|2\^53|9007199254740991/,
  },
  {
    name: 'claims counts just below 2^53, and has nothing',
    attack: () => (heard) => {
      const first = heard.some(({ tag }) => tag === 'open');
      return first ? [split([at(1_000)], MANY)] : [proof()];
    },
    code: 'UNEXPECTED_FRAME',
    says: /says it is done, and it is not/,
  },
  {
    name: 'fills frames with thousands of large ranges',
    attack: () =>
      lawful({
        range: ({ lower, upper }) => {
          const end = upper.hint < keys[ITEMS - 1]!.hint ? upper.hint : keys[ITEMS - 1]!.hint;
          const begin = lower.hint > keys[0]!.hint ? lower.hint : keys[0]!.hint;
          const step = (end - begin) / 16n;
          if (step < 1n) return [{ tag: 'same', ranges: 1 }];
          const uppers = Array.from({ length: 15 }, (_, i) => ({
            hint: begin + BigInt(i + 1) * step,
            id: null,
          }));
          // At first what may be there, so that we split too; then a million in each.
          return [split(uppers, step > 1_000n ? Number(step / 10n) : 1_000_000)];
        },
      }),
    limits: { maxRangeItems: 20, maxVisitedItems: 20_000 },
    code: 'BUDGET_SPENT',
    says: /20000 items read \(maxVisitedItems\)/,
  },
  {
    name: 'repeats a range',
    attack: () => () => [
      { tag: 'same', ranges: 1 },
      { tag: 'same', ranges: 1 },
    ],
    code: 'MALFORMED_FRAME',
    says: /answers 1 ranges, and 0 are open/,
  },
  {
    name: 'overlaps ranges',
    attack: () => () => [
      split([{ hint: 5n, id: null }], 100),
      split([{ hint: 5n, id: null }], 100),
    ],
    code: 'MALFORMED_FRAME',
    says: /answers 1 ranges, and 0 are open/,
  },
  {
    name: 'splits a range where it ended already',
    attack: () => (heard) => {
      const [first] = heard;
      if (first?.tag === 'open') return [split([{ hint: 2n ** 64n - 1n, id: null }], 1)];
      return null;
    },
    code: 'MALFORMED_FRAME',
    says: /reaches out of its range/,
  },
  {
    name: 'never ends: ids for ever',
    attack: () => endless(400),
    code: 'BUDGET_SPENT',
    says: /5000 ids are missing \(maxMissing\)/,
    goesOn: true,
  },
  {
    name: 'never ends: frames for ever',
    attack: () => endless(1),
    code: 'BUDGET_SPENT',
    says: /400 frames \(maxRounds\)/,
    goesOn: true,
  },
  {
    name: 'never ends: bytes for ever',
    attack: () => endless(1_000),
    limits: { maxBytes: 100_000, maxMissing: 1_000_000 },
    code: 'BUDGET_SPENT',
    says: /100000 bytes \(maxBytes\)/,
    goesOn: true,
  },
  {
    name: 'says nothing any more',
    attack: () => (heard) => (heard.some(({ tag }) => tag === 'open') ? garbage() : null),
    code: 'TIMEOUT',
    says: /took longer than \d+ ms/,
  },
];
