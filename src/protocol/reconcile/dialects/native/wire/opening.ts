import { compareBounds, INFINITE_BOUND, ZERO_BOUND } from '../../../../../store/index.ts';
import type { ItemRoom, Outline } from '../../../dialect.ts';
import { ROOT_BYTES } from '../../../root.ts';
import { MIN_FRAME_BYTES, type NativeVersion, NONCE_BYTES, TAG } from '../constants.ts';
import type { NativeLimits } from '../options.ts';
import { type FrameReader, malformed, RecordWriter } from './bytes.ts';
import { COUNT, fields } from './fields.ts';

/** The first record of each side. */
export interface Opening extends Outline {
  /** 16 random bytes. */
  readonly nonce: Uint8Array;
  readonly limits: PeerLimits;
  /**
   * The items that the sender takes in place of ids.
   * @default none
   */
  readonly items?: ItemRoom | null;
}

/** Limits of one side that bind the other. */
export type PeerLimits = Readonly<
  Pick<NativeLimits, 'maxInboundBytes' | 'maxRanges' | 'maxGroups' | 'maxHeldItems'>
>;

const FROM_ZERO = 1;
const TO_INFINITY = 2;
const SETTLES_NOTHING = 4;
const WHOLE = 8;
const GIVES_NOTHING = 16;
const TAKES_NOTHING = 32;
const NAMES_LIMITS = 64;
const TAKES_ITEMS = 128;

/** The limits of a side whose opening names none: those of version 3, and not the defaults of a node. */
const UNNAMED_LIMITS: PeerLimits = {
  maxInboundBytes: 65_536,
  maxRanges: 65_536,
  maxGroups: 1_024,
  maxHeldItems: 2_097_152,
};
const LIMITS = fields<PeerLimits>({
  maxInboundBytes: COUNT,
  maxRanges: COUNT,
  maxGroups: COUNT,
  maxHeldItems: COUNT,
});
const ITEM_ROOM = fields<ItemRoom>({ maxBytes: COUNT, totalBytes: COUNT });

const ENDS = FROM_ZERO | TO_INFINITY;
const SECOND_FLAGS = ENDS | SETTLES_NOTHING | WHOLE | GIVES_NOTHING | TAKES_NOTHING;
const FLAGS: Readonly<Record<NativeVersion, number>> = {
  1: ENDS | SETTLES_NOTHING,
  2: SECOND_FLAGS,
  3: SECOND_FLAGS | NAMES_LIMITS,
  4: SECOND_FLAGS | NAMES_LIMITS | TAKES_ITEMS,
};

export function encodeOpening(opening: Opening, version: NativeVersion): Uint8Array {
  const { nonce, interval, whole, count, root, limits, mode, gives, takes, items } = opening;
  const { lower, upper } = interval;
  const fromZero = compareBounds(lower, ZERO_BOUND) === 0;
  const toInfinity = compareBounds(upper, INFINITE_BOUND) === 0;
  const ends = (fromZero ? FROM_ZERO : 0) | (toInfinity ? TO_INFINITY : 0);
  const kind = (mode === 'survey' ? SETTLES_NOTHING : 0) | (whole ? WHOLE : 0);
  const terms = (gives === false ? GIVES_NOTHING : 0) | (takes === false ? TAKES_NOTHING : 0);
  const named = version < 3 || !areUnnamed(limits);
  const lists = (named ? NAMES_LIMITS : 0) | (items ? TAKES_ITEMS : 0);
  const flags = (ends | kind | terms | lists) & FLAGS[version];
  const record = new RecordWriter(TAG.open).byte(flags).bytes(nonce);
  if (!fromZero) record.boundAfter(ZERO_BOUND, lower);
  if (!toInfinity) record.boundAfter(lower, upper);
  record.count(count).bytes(root);
  if (named) LIMITS.write(record, limits);
  if (items && flags & TAKES_ITEMS) ITEM_ROOM.write(record, items);
  return record.finish();
}

/** Reads an opening behind its tag. */
export function readOpening(reader: FrameReader, version: NativeVersion): Opening {
  const flags = reader.byte();
  if ((flags & ~FLAGS[version]) !== 0) throw malformed(`the opening has flags ${flags}`);
  const nonce = reader.take(NONCE_BYTES).slice();
  const lower = flags & FROM_ZERO ? ZERO_BOUND : reader.boundAfter(ZERO_BOUND);
  const upper = flags & TO_INFINITY ? INFINITE_BOUND : reader.boundAfter(lower);
  if (compareBounds(lower, upper) >= 0) throw malformed('the opening accepts nothing');
  const count = reader.count();
  const root = reader.take(ROOT_BYTES).slice();
  const limits = version < 3 || flags & NAMES_LIMITS ? LIMITS.read(reader) : UNNAMED_LIMITS;
  if (limits.maxInboundBytes < MIN_FRAME_BYTES) {
    throw malformed(`frames of ${limits.maxInboundBytes} bytes are too short to speak`);
  }
  const room = flags & TAKES_ITEMS ? { items: ITEM_ROOM.read(reader) } : {};
  const mode = flags & SETTLES_NOTHING ? 'survey' : 'reconcile';
  // Nodes of version 1 accept everything, and name less when they ask for a part.
  const whole = version === 1 ? (flags & ENDS) === ENDS : (flags & WHOLE) !== 0;
  const gives = (flags & GIVES_NOTHING) === 0;
  if (!gives && count > 0) throw malformed(`it gives nothing, and names ${count} items`);
  const takes = (flags & TAKES_NOTHING) === 0;
  const interval = { lower, upper };
  return { nonce, interval, whole, count, root, limits, ...room, mode, gives, takes };
}

function areUnnamed(limits: PeerLimits): boolean {
  return Object.entries(UNNAMED_LIMITS).every(
    ([name, limit]) => limits[name as keyof PeerLimits] === limit,
  );
}
