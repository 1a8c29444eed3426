import { concatBytes } from '../../bytes.ts';
import { FileDamage, viewOf } from './blocks.ts';
import { crc32c, maskSum } from './crc32c.ts';
import type { ReadableFile } from './port.ts';

/** Logs and manifests consist of blocks of this size (doc/log_format.md). */
const BLOCK_BYTES = 32 * 1024;

/** Before each fragment of a record: masked CRC-32C (u32 LE) of type and data, length (u16 LE), type (u8). */
const HEADER_BYTES = 7;

const [FULL, FIRST, MIDDLE, LAST] = [1, 2, 3, 4];

interface Fragment {
  readonly type: number;
  readonly data: Uint8Array;
}

interface LogBlock {
  readonly bytes: Uint8Array;
  readonly fragments: readonly Fragment[];
  /** Bytes up to the first fragment that is not whole. */
  readonly whole: number;
}

async function* blocksOf(file: ReadableFile): AsyncGenerator<LogBlock, void> {
  for (let offset = 0; offset < file.bytes; offset += BLOCK_BYTES) {
    const bytes = await file.read(offset, BLOCK_BYTES);
    const fragments: Fragment[] = [];
    let at = 0;
    while (bytes.length - at >= HEADER_BYTES) {
      const fragment = fragmentAt(bytes.subarray(at));
      if (fragment === null) break;
      fragments.push(fragment);
      at += HEADER_BYTES + fragment.data.length;
    }
    // What is too short for a fragment pads a block.
    const padding = bytes.length === BLOCK_BYTES && bytes.length - at < HEADER_BYTES;
    yield { bytes, fragments, whole: padding ? bytes.length : at };
  }
}

/** Null when it is not whole. */
function fragmentAt(bytes: Uint8Array): Fragment | null {
  const view = viewOf(bytes);
  const end = HEADER_BYTES + view.getUint16(4, true);
  const type = bytes[6]!;
  if (type < FULL! || type > LAST! || end > bytes.length) return null;
  if (view.getUint32(0, true) !== maskSum(crc32c(bytes.subarray(6, end)))) return null;
  return { type, data: bytes.subarray(HEADER_BYTES, end) };
}

/** The records of a log. Throws `FileDamage` at the first that is not whole, or ends too early. */
export async function* recordsOf(file: ReadableFile): AsyncGenerator<Uint8Array, void> {
  let begun: Uint8Array[] | null = null;
  for await (const { bytes, fragments, whole } of blocksOf(file)) {
    for (const { type, data } of fragments) {
      const begins = type === FULL || type === FIRST;
      if (begins === (begun !== null)) throw new FileDamage('has parts of records in disorder');
      const parts: Uint8Array[] = [...(begun ?? []), data];
      begun = type === FIRST || type === MIDDLE ? parts : null;
      if (begun === null) yield concatBytes(...parts);
    }
    if (whole < bytes.length) throw new FileDamage('has a record that is not whole');
  }
  if (begun !== null) throw new FileDamage('ends within a record');
}

/** Whether all fragments of a log are whole. */
export async function isWholeLog(file: ReadableFile): Promise<boolean> {
  for await (const { bytes, whole } of blocksOf(file)) if (whole < bytes.length) return false;
  return true;
}

/**
 * A log with zeros from the first damaged fragment of a block to the end of that block: LevelDB's
 * recovery skips these bytes too, but its repair does not compare checksums.
 */
export async function* withoutDamagedFragments(
  file: ReadableFile,
): AsyncGenerator<Uint8Array, void> {
  for await (const { bytes, whole } of blocksOf(file)) yield bytes.slice().fill(0, whole);
}
