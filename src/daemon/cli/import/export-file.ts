import {
  type BulkFormat,
  EXPORT_FORMAT,
  type ExportedItem,
  ExportReader,
  SPEAKERS,
} from '../../bulk/index.ts';
import type { ImportCandidate } from './candidate.ts';

/** Every export begins with a header in one of these ways. */
const BEGINNINGS: Readonly<Record<BulkFormat, Uint8Array>> = {
  // The hint that no item has.
  binary: new Uint8Array(8).fill(0xff),
  ndjson: new TextEncoder().encode(`{"header":{"format":"${EXPORT_FORMAT}"`),
};
const LONGEST = Math.max(...Object.values(BEGINNINGS).map(({ length }) => length));

/** The format of the export that the stream holds, null if it is none; and the whole stream. */
export async function exportIn(given: AsyncIterable<Uint8Array>): Promise<{
  readonly format: BulkFormat | null;
  readonly chunks: AsyncIterable<Uint8Array>;
}> {
  const rest = given[Symbol.asyncIterator]();
  let begun: Uint8Array = new Uint8Array();
  while (begun.length < LONGEST && formatAt(begun) === null && mayBe(begun)) {
    const { done, value } = await rest.next();
    if (done === true) break;
    begun = Buffer.concat([begun, value]);
  }
  async function* chunks(): AsyncGenerator<Uint8Array> {
    if (begun.length > 0) yield begun;
    yield* { [Symbol.asyncIterator]: () => rest };
  }
  return { format: formatAt(begun), chunks: chunks() };
}

function formatAt(begun: Uint8Array): BulkFormat | null {
  for (const format of ['binary', 'ndjson'] as const) {
    const beginning = BEGINNINGS[format];
    if (Buffer.compare(begun.subarray(0, beginning.length), beginning) === 0) return format;
  }
  return null;
}

/** Whether so few bytes may still become an export: a slow stream that is none must not wait for more. */
function mayBe(begun: Uint8Array): boolean {
  return Object.values(BEGINNINGS).some(
    (beginning) => Buffer.compare(begun, beginning.subarray(0, begun.length)) === 0,
  );
}

export interface ExportFileInit {
  chunks: AsyncIterable<Uint8Array>;
  /** Name of the source in messages. */
  path: string;
  /** Longer items end the import. */
  maxBytes: number;
  format: BulkFormat;
}

/** The items of an export. Throws `BulkError` where it is cut, damaged, or does not fit its trailer. */
export async function* readExport(init: ExportFileInit): AsyncGenerator<ImportCandidate> {
  const { chunks, path, maxBytes, format } = init;
  const reader = new ExportReader(SPEAKERS[format].decoder({ maxItemBytes: maxBytes }));
  const candidate = ({ line, hint, id, payload }: ExportedItem): ImportCandidate => ({
    origin: { path, line },
    load: async () => ({ kind: 'item', hint, id, payload }),
  });
  for await (const chunk of chunks) {
    for (const item of reader.push(chunk)) yield candidate(item);
  }
  for (const item of reader.end().items) yield candidate(item);
}
