import { type FrameReader, malformed, type RecordWriter } from './bytes.ts';

/** How a value stands on the wire. Reading throws `MALFORMED_FRAME`. */
export interface Codec<Value> {
  read(from: FrameReader): Value;
  write(to: RecordWriter, value: Value): void;
}

/** Values in the order of the layout. */
export function fields<Values extends object>(
  layout: {
    readonly [Name in keyof Values]: Codec<Values[Name]>;
  },
): Codec<Values> {
  const entries = Object.entries<Codec<unknown>>(layout);
  return {
    read: (from) =>
      Object.fromEntries(entries.map(([name, codec]) => [name, codec.read(from)])) as Values,
    write(to, values) {
      for (const [name, codec] of entries) codec.write(to, values[name as keyof Values]);
    },
  };
}

export const COUNT: Codec<number> = {
  read: (from) => from.count(),
  write: (to, value) => to.count(value),
};

export const POSITIVE: Codec<number> = {
  read(from) {
    const count = from.count();
    if (count > 0) return count;
    throw malformed('it says something of nothing');
  },
  write: (to, value) => to.count(value),
};

export function bytes(length: number): Codec<Uint8Array> {
  return { read: (from) => from.take(length), write: (to, value) => to.bytes(value) };
}

/** A count, and as many things of `size` bytes. */
export function things(size: number): Codec<Uint8Array> {
  return {
    read: (from) => from.take(from.countOf(size) * size),
    write: (to, value) => to.count(value.length / size).bytes(value),
  };
}

/** Only the last record may hold no things: a peer cannot continue for ever without content. */
export function readSome(from: FrameReader, size: number, last: boolean): Uint8Array {
  const some = things(size).read(from);
  if (some.length > 0 || last) return some;
  throw malformed('it says nothing and goes on');
}

export const FLAG: Codec<boolean> = {
  read(from) {
    const flag = from.byte();
    if (flag > 1) throw malformed(`${flag} is neither yes nor no`);
    return flag === 1;
  },
  write: (to, value) => to.byte(value ? 1 : 0),
};

export function readFlags(from: FrameReader, known: number): number {
  const flags = from.byte();
  if ((flags & ~known) !== 0) throw malformed(`there are no flags ${flags}`);
  return flags;
}

export const FLAGS: Codec<{ last: boolean; gives: boolean }> = {
  read(from) {
    const flags = readFlags(from, 3);
    return { last: (flags & 1) !== 0, gives: (flags & 2) !== 0 };
  },
  write: (to, { last, gives }) => to.byte((last ? 1 : 0) | (gives ? 2 : 0)),
};

export function readWidth(from: FrameReader, fits: (width: number) => boolean): number {
  const width = from.byte();
  if (!fits(width)) throw malformed(`nothing here has ${width} bytes`);
  return width;
}
