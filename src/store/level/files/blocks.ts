import { crc32c, maskSum } from './crc32c.ts';

/** A file of LevelDB is not as LevelDB wrote it; the message completes a sentence that begins with its name. */
export class FileDamage extends Error {
  override readonly name = 'FileDamage';
}

/** Where a block lies in a table, without its trailer. */
export interface BlockHandle {
  readonly offset: number;
  readonly size: number;
}

export interface BlockEntry {
  readonly key: Uint8Array;
  readonly value: Uint8Array;
}

/** Behind each block: its type (u8) and the masked CRC-32C of block and type (u32 LE). */
export const TRAILER_BYTES = 5;

const SNAPPY = 1;

/** Snappy makes at most 64 bytes of three. */
const MOST_EXPANSION = 22;

/** Reads fields of LevelDB's encoding one after the other. Throws `FileDamage` behind the end. */
export class FieldReader {
  readonly #bytes: Uint8Array;
  at: number = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  get done(): boolean {
    return this.at >= this.#bytes.length;
  }

  /** Seven bits a byte, the lowest first. Numbers beyond 2^53 lose their last bits. */
  varint(): number {
    let value = 0;
    for (let shift = 0; shift < 64; shift += 7) {
      const byte = this.take(1)[0]!;
      value += (byte & 127) * 2 ** shift;
      if (byte < 128) return value;
    }
    throw new FileDamage('holds a number that never ends');
  }

  take(length: number): Uint8Array {
    if (length > this.#bytes.length - this.at) throw new FileDamage('ends within a field');
    this.at += length;
    return this.#bytes.subarray(this.at - length, this.at);
  }

  /** Bytes behind their length. */
  slice(): Uint8Array {
    return this.take(this.varint());
  }

  handle(): BlockHandle {
    return { offset: this.varint(), size: this.varint() };
  }
}

export function varintBytes(value: number): number[] {
  const bytes: number[] = [];
  let rest = value;
  for (; rest >= 128; rest = Math.floor(rest / 128)) bytes.push((rest % 128) | 128);
  return [...bytes, rest];
}

/** What is in a block that lies with its trailer in `bytes`, and whose checksum agrees. */
export async function blockContent(bytes: Uint8Array): Promise<Uint8Array> {
  const block = bytes.subarray(0, bytes.length - TRAILER_BYTES);
  if (bytes[block.length] !== SNAPPY) return block;
  const length = new FieldReader(block).varint();
  if (length > MOST_EXPANSION * block.length)
    throw new FileDamage('has a block that grows too much');
  // Loaded when it is needed: who keeps sets in memory alone runs without it.
  const { snappyUncompress } = await import('hysnappy');
  try {
    return snappyUncompress(block, length);
  } catch {
    throw new FileDamage('has a block that does not uncompress');
  }
}

/**
 * The entries of a block: bytes shared with the key before (varint), further bytes of the key (varint),
 * bytes of the value (varint), these bytes; behind all of them the restarts (u32 LE) and their number.
 */
export function* entriesOf(content: Uint8Array): Generator<BlockEntry> {
  if (content.length < 4) throw new FileDamage('has a block without an end');
  const restarts = viewOf(content).getUint32(content.length - 4, true);
  const end = content.length - 4 - 4 * restarts;
  if (end < 0) throw new FileDamage('has a block with too many restarts');
  const fields = new FieldReader(content.subarray(0, end));
  let last = new Uint8Array(0);
  while (!fields.done) {
    const [shared, further, bytes] = [fields.varint(), fields.varint(), fields.varint()];
    if (shared > last.length) throw new FileDamage('has an entry that shares too much');
    const rest = fields.take(further);
    const key = new Uint8Array(shared + further);
    key.set(last.subarray(0, shared));
    key.set(rest, shared);
    last = key;
    yield { key, value: fields.take(bytes) };
  }
}

/** A block of these entries, uncompressed, each of them a restart, with its trailer. */
export function newBlock(entries: readonly BlockEntry[]): Uint8Array {
  const parts: (Uint8Array | number[])[] = [];
  const restarts: number[] = [];
  let bytes = 0;
  const add = (part: Uint8Array | number[]): void => {
    parts.push(part);
    bytes += part.length;
  };
  for (const { key, value } of entries) {
    restarts.push(bytes);
    add([0, ...varintBytes(key.length), ...varintBytes(value.length)]);
    add(key);
    add(value);
  }
  if (restarts.length === 0) restarts.push(0);
  for (const number of [...restarts, restarts.length]) add(u32(number));
  const block = new Uint8Array(bytes + TRAILER_BYTES);
  let at = 0;
  for (const part of parts) {
    block.set(part, at);
    at += part.length;
  }
  block.set(u32(maskSum(crc32c(block.subarray(0, bytes + 1)))), bytes + 1);
  return block;
}

export function u32(value: number): Uint8Array {
  const bytes = new Uint8Array(4);
  viewOf(bytes).setUint32(0, value, true);
  return bytes;
}

export function viewOf({ buffer, byteOffset, byteLength }: Uint8Array): DataView {
  return new DataView(buffer, byteOffset, byteLength);
}
