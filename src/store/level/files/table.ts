import {
  type BlockEntry,
  type BlockHandle,
  blockContent,
  entriesOf,
  FieldReader,
  FileDamage,
  newBlock,
  TRAILER_BYTES,
  varintBytes,
  viewOf,
} from './blocks.ts';
import { crc32c, maskSum } from './crc32c.ts';
import { PieceReader } from './piece-reader.ts';
import type { ReadableFile } from './port.ts';

/** At the end of a table: handles of metaindex and index, padding, and a magic number. */
const FOOTER_BYTES = 48;

const MAGIC = 0xdb4775248b80fb57n;

/** A data block, as the index has it: the key behind its last one, and its handle. */
interface IndexEntry extends BlockEntry {
  readonly handle: BlockHandle;
}

/** What is wrong about a table. */
export interface TableFault {
  /** Completes a sentence that begins with the name of the table. */
  readonly message: string;
  /** What of the table can still be used; null when nothing can. */
  readonly rest: TableRest | null;
}

interface TableRest {
  readonly entries: readonly IndexEntry[];
  /** Null when filters or metaindex are damaged. */
  readonly metaindex: BlockHandle | null;
  readonly index: BlockHandle;
}

/**
 * Compares all blocks of a table with their checksums. Yields the bytes read now and then; returns what
 * is wrong, or null. The format is that of LevelDB 1.20 (doc/table_format.md).
 */
export async function* checkTable(file: ReadableFile): AsyncGenerator<number, TableFault | null> {
  const reader = new PieceReader(file);
  try {
    const { metaindex, index } = await readFooter(reader);
    const entries = indexEntries(await readBlock(reader, index));
    const good: IndexEntry[] = [];
    for (const entry of entries) {
      const { offset, size } = entry.handle;
      // Most blocks are in a piece that is read already: waiting for each would cost more than its sum.
      const held = reader.held(offset, size + TRAILER_BYTES);
      const whole = held === null ? await isWhole(reader, entry.handle) : agrees(held);
      if (whole) good.push(entry);
      const read = reader.takeRead();
      if (read > 0) yield read;
    }
    const filtered = await filtersAreWhole(reader, metaindex);
    yield reader.takeRead();
    const bad = entries.length - good.length;
    if (bad === 0 && filtered) return null;
    const rest = { entries: good, metaindex: filtered ? metaindex : null, index };
    const message =
      bad === 0
        ? 'has damaged filters'
        : `has ${bad} damaged blocks of ${entries.length}: their checksums do not agree`;
    return { message, rest: good.length === 0 ? null : rest };
  } catch (error) {
    if (!(error instanceof FileDamage)) throw error;
    return { message: error.message, rest: null };
  }
}

async function readFooter(
  reader: PieceReader,
): Promise<Record<'metaindex' | 'index', BlockHandle>> {
  const { bytes } = reader.file;
  const footer = await reader.file.read(Math.max(0, bytes - FOOTER_BYTES), FOOTER_BYTES);
  const whole = footer.length === FOOTER_BYTES;
  if (!whole || viewOf(footer).getBigUint64(FOOTER_BYTES - 8, true) !== MAGIC) {
    throw new FileDamage('does not end like a table');
  }
  const fields = new FieldReader(footer);
  return { metaindex: fields.handle(), index: fields.handle() };
}

/** Whether a block that lies with its trailer in `bytes` agrees with its checksum. */
function agrees(bytes: Uint8Array): boolean {
  const summed = bytes.length - 4;
  const sum = maskSum(crc32c(bytes.subarray(0, summed)));
  return viewOf(bytes).getUint32(summed, true) === sum;
}

/** Whether a block agrees with its checksum; a long one is read in pieces. */
async function isWhole(reader: PieceReader, { offset, size }: BlockHandle): Promise<boolean> {
  const [summed, length] = [size + 1, size + TRAILER_BYTES];
  if (offset + length > reader.file.bytes) return false;
  await reader.load(offset);
  const held = reader.held(offset, length);
  if (held !== null) return agrees(held);
  let sum = 0;
  for (let at = 0; at < summed; ) {
    const piece = await reader.some(offset + at, summed - at);
    if (piece.length === 0) return false;
    sum = crc32c(piece, sum);
    at += piece.length;
  }
  const stored = await reader.all(offset + summed, 4);
  return stored.length === 4 && viewOf(stored).getUint32(0, true) === maskSum(sum);
}

/** What is in a block. Throws `FileDamage` when it is not whole; it is read only when it is. */
async function readBlock(reader: PieceReader, handle: BlockHandle): Promise<Uint8Array> {
  if (!(await isWhole(reader, handle))) {
    throw new FileDamage('has a damaged index: its checksum does not agree');
  }
  return blockContent(await reader.all(handle.offset, handle.size + TRAILER_BYTES));
}

function indexEntries(content: Uint8Array): IndexEntry[] {
  return [...entriesOf(content)].map((entry) => ({
    ...entry,
    handle: new FieldReader(entry.value).handle(),
  }));
}

async function filtersAreWhole(reader: PieceReader, metaindex: BlockHandle): Promise<boolean> {
  try {
    for (const { value } of entriesOf(await readBlock(reader, metaindex))) {
      if (!(await isWhole(reader, new FieldReader(value).handle()))) return false;
    }
    return true;
  } catch (error) {
    if (error instanceof FileDamage) return false;
    throw error;
  }
}

/**
 * A table without its damaged blocks: they keep their places, and a new index leaves them out. Without
 * whole filters it has none.
 */
export async function* withoutDamage(
  file: ReadableFile,
  { entries, metaindex, index }: TableRest,
): AsyncGenerator<Uint8Array, void> {
  const reader = new PieceReader(file);
  for (let at = 0; at < index.offset; ) {
    const piece = await reader.some(at, index.offset - at);
    if (piece.length === 0) throw new FileDamage('has become shorter');
    at += piece.length;
    yield piece;
  }
  const [noFilters, newIndex] = [newBlock([]), newBlock(entries)];
  if (metaindex === null) yield noFilters;
  yield newIndex;
  const indexAt = index.offset + (metaindex === null ? noFilters.length : 0);
  yield newFooter(metaindex ?? { offset: index.offset, size: noFilters.length - TRAILER_BYTES }, {
    offset: indexAt,
    size: newIndex.length - TRAILER_BYTES,
  });
}

function newFooter(...handles: readonly BlockHandle[]): Uint8Array {
  const footer = new Uint8Array(FOOTER_BYTES);
  footer.set(handles.flatMap(({ offset, size }) => [...varintBytes(offset), ...varintBytes(size)]));
  viewOf(footer).setBigUint64(FOOTER_BYTES - 8, MAGIC, true);
  return footer;
}
