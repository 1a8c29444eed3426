import { concatBytes, type DatabaseFiles, type ReadableFile } from '../../../src/store/index.ts';
import {
  blockContent,
  checkTable,
  crc32c,
  entriesOf,
  FileDamage,
  liveTables,
  ManifestDamage,
  maskSum,
  newBlock,
  recordsOf,
  TRAILER_BYTES,
  toEnd,
} from '../../../src/store/level/files/testing.ts';
import { type FuzzTarget, utf8 } from '../target.ts';

const FOOTER_BYTES = 48;
const LOG_HEADER_BYTES = 7;
const MAGIC = Uint8Array.of(0x57, 0xfb, 0x80, 0x8b, 0x24, 0x75, 0x47, 0xdb);
const refuses = (error: unknown): boolean =>
  error instanceof FileDamage || error instanceof ManifestDamage;

function fileOf(content: Uint8Array): ReadableFile {
  return {
    bytes: content.length,
    read: async (offset, length) => content.subarray(offset, offset + length),
    close: async () => {},
  };
}

function viewOf({ buffer, byteOffset, byteLength }: Uint8Array): DataView {
  return new DataView(buffer, byteOffset, byteLength);
}

/** A table of two blocks, as LevelDB lays it out: blocks, filters, index, footer. */
function table(): Uint8Array {
  const blocks = ['one', 'two'].map((word) => newBlock([{ key: utf8(word), value: utf8('here') }]));
  const [a, b] = blocks as [Uint8Array, Uint8Array];
  const handle = (offset: number, { length }: Uint8Array): Uint8Array =>
    Uint8Array.of(offset, length - TRAILER_BYTES);
  const filters = newBlock([]);
  const index = newBlock([
    { key: utf8('one'), value: handle(0, a) },
    { key: utf8('two'), value: handle(a.length, b) },
  ]);
  const filtersAt = a.length + b.length;
  const footer = new Uint8Array(FOOTER_BYTES);
  const handles = [handle(filtersAt, filters), handle(filtersAt + filters.length, index)];
  footer.set(concatBytes(...handles));
  footer.set(MAGIC, FOOTER_BYTES - MAGIC.length);
  return concatBytes(a, b, filters, index, footer);
}

/** Corrects the checksum of the index, wherever the footer says that it lies. */
function mendTable(input: Uint8Array): void {
  if (input.length < FOOTER_BYTES) return;
  input.set(MAGIC, input.length - MAGIC.length);
  const footer = input.subarray(input.length - FOOTER_BYTES);
  for (const at of [0, 2]) {
    const [offset, size] = [footer[at]!, footer[at + 1]!];
    const end = offset + size + 1;
    if (offset > 127 || size > 127 || end + 4 > input.length) continue;
    viewOf(input).setUint32(end, maskSum(crc32c(input.subarray(offset, end))), true);
  }
}

/** A record of a log in one fragment. */
function fragment(data: Uint8Array): Uint8Array {
  const bytes = concatBytes(new Uint8Array(LOG_HEADER_BYTES), data);
  viewOf(bytes).setUint16(4, data.length, true);
  bytes[6] = 1;
  mendLog(bytes);
  return bytes;
}

function mendLog(input: Uint8Array): void {
  const view = viewOf(input);
  for (let at = 0; at + LOG_HEADER_BYTES <= input.length; ) {
    const end = at + LOG_HEADER_BYTES + view.getUint16(at + 4, true);
    if (end > input.length) return;
    view.setUint32(at, maskSum(crc32c(input.subarray(at + 6, end))), true);
    at = end;
  }
}

/** A comparator, a log, two new tables, one of which goes again. */
const EDITS: readonly Uint8Array[] = [
  [1, 3, 97, 98, 99, 2, 4, 3, 9, 4, 100],
  [7, 0, 5, 90, 1, 97, 1, 98, 7, 1, 6, 80, 1, 99, 1, 100],
  [6, 0, 5, 5, 1, 1, 97, 9, 0],
].map((edit) => Uint8Array.from(edit));

function filesWith(manifest: Uint8Array): DatabaseFiles {
  const current = utf8('MANIFEST-000002\n');
  const unused = async (): Promise<never> => Promise.reject(new Error('it only reads'));
  return {
    list: async () => [],
    open: async (name) => fileOf(name === 'CURRENT' ? current : manifest),
    setAside: unused,
    readNote: unused,
    writeNote: unused,
  };
}

const tables: FuzzTarget = {
  name: 'file-table',
  seeds: [table()],
  refuses,
  mend: mendTable,
  read: async (input) => void (await toEnd(checkTable(fileOf(input)))),
};

const blocks: FuzzTarget = {
  name: 'file-block',
  seeds: [
    newBlock([
      { key: utf8('one'), value: utf8('first') },
      { key: utf8('two'), value: utf8('second') },
    ]),
    // Snappy: ten bytes, of which the first four are literal.
    Uint8Array.of(10, 12, 0, 0, 0, 0, 9, 4, 1, 0, 0, 0, 0),
  ],
  refuses,
  async read(input) {
    if (input.length < TRAILER_BYTES) return;
    for (const { key } of entriesOf(await blockContent(input))) void key.length;
  },
};

const log: FuzzTarget = {
  name: 'file-log',
  seeds: [concatBytes(...EDITS.map(fragment))],
  refuses,
  mend: mendLog,
  async read(input) {
    for await (const record of recordsOf(fileOf(input))) void record.length;
  },
};

const manifest: FuzzTarget = {
  name: 'file-manifest',
  seeds: [concatBytes(...EDITS.map(fragment))],
  refuses,
  mend: mendLog,
  read: async (input) => void (await liveTables(filesWith(input))),
};

export const FILES: readonly FuzzTarget[] = [tables, blocks, log, manifest];
