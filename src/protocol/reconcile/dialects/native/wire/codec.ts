import { BUCKETS, ID_BYTES, ZERO_BOUND } from '../../../../../store/index.ts';
import {
  DIALECT_VERSION,
  LIST_WIDTH,
  MAX_REASON_BYTES,
  type NativeVersion,
  PROOF_BYTES,
  REST_BYTES,
  SHORT_LIST_WIDTH,
  SKETCH_SUMS,
  SYMBOL_BYTES,
  TAG,
} from '../constants.ts';
import { FrameReader, malformed, RecordWriter } from './bytes.ts';
import {
  bytes,
  COUNT,
  type Codec,
  FLAG,
  FLAGS,
  fields,
  POSITIVE,
  readSome,
  readWidth,
  things,
} from './fields.ts';
import { ITEMS } from './items.ts';
import { encodeOpening, readOpening } from './opening.ts';
import type { IdsRecord, NativeRecord, RunRecord } from './records.ts';
import { CUT, SPLIT } from './splits.ts';
import { SKETCH, SYMBOLS } from './symbols.ts';

type ClosedTag = Exclude<NativeRecord['tag'], 'open'>;
type Body<Tag extends ClosedTag> = Omit<NativeRecord & { readonly tag: Tag }, 'tag'>;

const RUN = fields<Omit<RunRecord, 'tag'>>({ ranges: POSITIVE });

const IDS: Codec<Omit<IdsRecord, 'tag'>> = {
  read(from) {
    const group = from.count();
    const last = FLAG.read(from);
    return { group, last, ids: readSome(from, ID_BYTES, last) };
  },
  write(to, { group, last, ids }) {
    FLAG.write(to.count(group), last);
    things(ID_BYTES).write(to, ids);
  },
};

const REST: Codec<Body<'rest'>> = {
  read(from) {
    const group = from.count();
    const last = FLAG.read(from);
    return { group, last, rests: readSome(from, REST_BYTES, last) };
  },
  write(to, { group, last, rests }) {
    FLAG.write(to.count(group), last);
    things(REST_BYTES).write(to, rests);
  },
};

/** Only printable ASCII is sent and read; everything else becomes a question mark. */
const printable = (unit: number): number => (unit < 32 || unit > 126 ? 63 : unit);

/** A reason longer than the limit is cut. */
const STOP: Codec<Body<'stop'>> = {
  read(from) {
    const code = from.byte();
    const bound = FLAG.read(from) ? from.boundAfter(ZERO_BOUND) : null;
    const length = from.count();
    if (length > MAX_REASON_BYTES) throw malformed(`a reason of ${length} bytes`);
    const text = from.take(length).map(printable);
    return { code, from: bound, reason: String.fromCharCode(...text) };
  },
  write(to, { code, from, reason }) {
    FLAG.write(to.byte(code), from !== null);
    if (from !== null) to.boundAfter(ZERO_BOUND, from);
    const text = reason.slice(0, MAX_REASON_BYTES);
    to.count(text.length).bytes(Uint8Array.from(text, (char) => printable(char.charCodeAt(0))));
  },
};

const LIST_WIDTHS: ReadonlySet<number> = new Set([SHORT_LIST_WIDTH, LIST_WIDTH, 8, ID_BYTES]);

const LIST: Codec<Body<'list'>> = {
  read(from) {
    const last = FLAG.read(from);
    const width = readWidth(from, (value) => LIST_WIDTHS.has(value));
    return { last, width, entries: readSome(from, width, last) };
  },
  write(to, { last, width, entries }) {
    FLAG.write(to, last);
    things(width).write(to.byte(width), entries);
  },
};

const FOUND: Codec<Body<'found'>> = {
  read(from) {
    const group = from.count();
    const flags = FLAGS.read(from);
    const width = readWidth(from, (value) => value >= 2 && value <= 8);
    return { group, ...flags, width, prefixes: readSome(from, width, flags.last) };
  },
  write(to, { group, last, gives, width, prefixes }) {
    FLAGS.write(to.count(group), { last, gives });
    things(width).write(to.byte(width), prefixes);
  },
};

const PIECE: Codec<Body<'piece'>> = {
  read(from) {
    const upper = FLAG.read(from) ? null : from.boundAfter(ZERO_BOUND);
    return { upper, ids: readSome(from, ID_BYTES, upper === null) };
  },
  write(to, { upper, ids }) {
    FLAG.write(to, upper === null);
    if (upper !== null) to.boundAfter(ZERO_BOUND, upper);
    things(ID_BYTES).write(to, ids);
  },
};

const RECENT: Codec<Body<'recent'>> = {
  read(from) {
    const last = FLAG.read(from);
    return { last, ids: readSome(from, ID_BYTES, last) };
  },
  write(to, { last, ids }) {
    FLAG.write(to, last);
    things(ID_BYTES).write(to, ids);
  },
};

const FIRST_PROOF: Codec<Body<'proof'>> = {
  read: (from) => ({ digest: from.take(PROOF_BYTES), refused: 0 }),
  write: (to, { digest }) => to.bytes(digest),
};

const CODECS: { readonly [Tag in ClosedTag]: Codec<Body<Tag>> } = {
  proof: fields({ digest: bytes(PROOF_BYTES), refused: COUNT }),
  stop: STOP,
  same: RUN,
  later: RUN,
  want: RUN,
  take: RUN,
  all: fields({}),
  split: SPLIT,
  fail: fields({ group: COUNT, differences: COUNT }),
  cut: CUT,
  sketch: SKETCH,
  probe: fields({ count: COUNT, sums: bytes(BUCKETS) }),
  list: LIST,
  more: fields({ group: COUNT, symbols: POSITIVE }),
  symbols: SYMBOLS,
  found: FOUND,
  match: {
    read: (from) => ({
      group: from.count(),
      gives: FLAGS.read(from).gives,
      bits: things(1).read(from),
    }),
    write(to, { group, gives, bits }) {
      FLAGS.write(to.count(group), { last: false, gives });
      things(1).write(to, bits);
    },
  },
  give: IDS,
  grant: IDS,
  rest: REST,
  recent: RECENT,
  items: ITEMS,
  piece: PIECE,
};

/** Records that versions before the third write in another way. */
const SECOND = {
  sketch: fields<Body<'sketch'>>({
    count: COUNT,
    sums: bytes(SKETCH_SUMS),
    symbols: things(SYMBOL_BYTES),
  }),
  symbols: fields<Body<'symbols'>>({ group: COUNT, symbols: things(SYMBOL_BYTES) }),
};

/** Tags that earlier versions do not know, and the first version that does. */
const NEW_TAGS: ReadonlyMap<string, NativeVersion> = new Map<string, NativeVersion>([
  ['cut', 3],
  ['rest', 3],
  ['recent', 4],
  ['items', 4],
]);

function codecOf(tag: ClosedTag, version: NativeVersion): Codec<object> {
  if (version === 1 && tag === 'proof') return FIRST_PROOF as Codec<object>;
  if (version < 3 && (tag === 'sketch' || tag === 'symbols')) return SECOND[tag] as Codec<object>;
  return CODECS[tag] as Codec<object>;
}

/** The bytes of a record. */
export function encodeRecord(
  record: NativeRecord,
  version: NativeVersion = DIALECT_VERSION,
): Uint8Array {
  if (record.tag === 'open') return encodeOpening(record.opening, version);
  const to = new RecordWriter(TAG[record.tag]);
  codecOf(record.tag, version).write(to, record);
  return to.finish();
}

const TAGS: ReadonlyMap<number, NativeRecord['tag']> = new Map(
  Object.entries(TAG).map(([name, byte]) => [byte, name as NativeRecord['tag']]),
);

/**
 * The records of a frame, one by one, as views of it. A count is believed as far as the bytes behind
 * it reach. Throws `MALFORMED_FRAME` at the bad record.
 */
export function* decodeFrame(
  frame: Uint8Array,
  version: NativeVersion = DIALECT_VERSION,
): Generator<NativeRecord> {
  if (frame.length === 0) throw malformed('it is empty');
  const from = new FrameReader(frame);
  while (from.remaining > 0) {
    const begin = from.offset;
    const byte = from.byte();
    const tag = TAGS.get(byte);
    if (tag === undefined || version < (NEW_TAGS.get(tag) ?? 1)) {
      throw malformed(`there is no record ${byte}`);
    }
    if (tag === 'open') {
      const opening = readOpening(from, version);
      yield { tag, opening, bytes: frame.slice(begin, from.offset) };
    } else {
      yield { tag, ...codecOf(tag, version).read(from) } as NativeRecord;
    }
  }
}
