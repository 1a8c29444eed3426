import { createHash } from 'node:crypto';
import {
  commonware,
  type Dialect,
  type Interval,
  nativeDialect,
  negentropy,
  type Session,
} from '../../src/protocol/index.ts';
import { readMessage } from '../../src/protocol/reconcile/dialects/commonware/testing.ts';
import { decodeFrame } from '../../src/protocol/reconcile/dialects/native/wire/testing.ts';
import { MessageReader } from '../../src/protocol/reconcile/dialects/negentropy/testing.ts';
import {
  bytesToHex,
  type FingerprintScheme,
  INFINITE_BOUND,
  type ItemKey,
  SortedVector,
  sum256,
} from '../../src/store/index.ts';
import { converse } from '../conformance/dialect.ts';
import { keysOf } from '../conformance/pairs.ts';
import { historyOf } from '../protocol/reconcile/dialects/native/support.ts';
import { SeededRandom } from '../support/random.ts';
import { wideSum } from '../support/wide-sum.ts';
import { fieldsInWords, wrapped } from './words.ts';

type Version = 1 | 2 | 3 | 4;

/** A dialect, and how its frames read. */
interface Spoken {
  /** A new one, with the nonces of its first session. */
  readonly make: (seed: string) => Dialect;
  readonly scheme: FingerprintScheme;
  readonly records: (frame: Uint8Array) => Iterable<object>;
}

const LIMITS = { maxBytes: 1 << 20 };

function native(version: Version): Spoken {
  return {
    make: (seed) => nativeDialect({ random: new SeededRandom(seed), version }),
    scheme: wideSum,
    records: (frame) => decodeFrame(frame, version),
  };
}

const NEGENTROPY: Spoken = {
  make: () => negentropy,
  scheme: sum256,
  *records(frame) {
    const reader = new MessageReader(frame, LIMITS);
    while (!reader.done) yield reader.range();
  },
};

const COMMONWARE: Spoken = {
  make: () => commonware,
  scheme: wideSum,
  records: (frame) => readMessage(frame, LIMITS),
};

/** By name of the file. */
export const DIALECTS: Readonly<Record<string, Spoken>> = {
  'native-1': native(1),
  'native-2': native(2),
  'native-3': native(3),
  'native-4': native(4),
  negentropy: NEGENTROPY,
  commonware: COMMONWARE,
};

interface Scene {
  readonly title: string;
  readonly ours: readonly ItemKey[];
  readonly theirs: readonly ItemKey[];
  /** What the initiator accepts. */
  readonly interval?: Interval;
  /** Keys that the responder held when its history began; the others came one commit after another. */
  readonly began?: number;
}

const MANY = keysOf(1, 500);
const FEW = MANY.slice(0, 12);
const without = (keys: readonly ItemKey[], of: number, rest: number): ItemKey[] =>
  keys.filter((_, i) => i % of !== rest);

const SCENES: readonly Scene[] = [
  { title: 'both sets are empty', ours: [], theirs: [] },
  { title: 'both sets are equal', ours: MANY, theirs: MANY },
  { title: 'one item on each side alone', ours: FEW.slice(1), theirs: FEW.slice(0, -1) },
  { title: 'the responder holds nothing', ours: FEW, theirs: [] },
  {
    title: 'ten of 500 items on each side alone',
    ours: without(MANY, 50, 3),
    theirs: without(MANY, 50, 27),
  },
  {
    title: 'the initiator accepts the upper half alone',
    ours: without(MANY, 100, 3),
    theirs: without(MANY, 100, 57),
    interval: { lower: { hint: MANY[250]!.hint, id: null }, upper: INFINITE_BOUND },
  },
  {
    title: 'the responder knows the root of the initiator',
    ours: MANY.slice(0, -10),
    theirs: MANY,
    began: 490,
  },
];

/** The sessions of one dialect: each frame with its length, a digest of its bytes, and its records. */
export function dialogues(spoken: Spoken): string {
  return SCENES.map((scene) => dialogue(spoken, scene)).join('\n');
}

function dialogue(spoken: Spoken, { title, ours, theirs, interval, began }: Scene): string {
  const session = (role: Session['role'], keys: readonly ItemKey[]): Session => {
    const storage = new SortedVector({ scheme: spoken.scheme });
    storage.insert(keys);
    const part = role === 'initiator' && interval !== undefined ? { interval } : {};
    const knows = role === 'responder' && began !== undefined;
    const known = knows ? { history: historyOf(keys, began) } : {};
    return spoken.make(role).session({ role, snapshot: storage.snapshot(), ...part, ...known });
  };
  const [initiator, responder] = [session('initiator', ours), session('responder', theirs)];
  const { frames, missing, have } = converse(initiator, responder);
  const lines = [`# ${title}`];
  for (const { from, frame } of frames) {
    const digest = createHash('sha256').update(frame).digest('hex').slice(0, 8);
    lines.push(`${from}: ${frame.length} bytes, ${digest}`);
    for (const record of spoken.records(frame)) lines.push(wrapped(`  ${inWords(record)}`, '    '));
  }
  lines.push(
    `initiator ends: ${endOf(initiator, missing.initiator)}, told ${have.length} ids to give`,
  );
  lines.push(`responder ends: ${endOf(responder, missing.responder)}`, '');
  return lines.join('\n');
}

function inWords(record: object): string {
  const {
    tag,
    mode,
    bytes: _,
    ...fields
  } = record as { tag?: string; mode?: string; bytes?: object };
  return `${tag ?? mode} ${fieldsInWords(fields)}`.trimEnd();
}

function endOf({ equal }: Session, missing: readonly Uint8Array[]): string {
  const first = missing[0];
  const from = first === undefined ? '' : `, the first ${bytesToHex(first).slice(0, 8)}`;
  return `${equal ? 'equal' : 'not equal'}, ${missing.length} ids missing${from}`;
}
