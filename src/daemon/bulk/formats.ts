import type { Item } from '../../store/index.ts';
import { ITEMS_TYPE } from '../item-records/index.ts';
import { BinaryDecoder, encodeItem, encodeNotice } from './binary.ts';
import { encodeItemLine, NdjsonDecoder } from './ndjson.ts';
import type { BulkDecoder, BulkFormat, StreamNotice } from './records.ts';

/** The two ways to write a stream of items, by format. */
export interface FormatSpeaker {
  readonly mediaType: string;
  /** In pieces where the payload is long. */
  item(item: Item): Generator<Uint8Array>;
  notice(notice: StreamNotice): Uint8Array;
  decoder(init: { readonly maxItemBytes: number }): BulkDecoder;
}

export const SPEAKERS: Readonly<Record<BulkFormat, FormatSpeaker>> = {
  ndjson: {
    mediaType: 'application/x-ndjson',
    item: encodeItemLine,
    notice: (notice) => Buffer.from(`${JSON.stringify(notice)}\n`),
    decoder: (init) => new NdjsonDecoder(init),
  },
  binary: {
    mediaType: ITEMS_TYPE,
    item: encodeItem,
    notice: encodeNotice,
    decoder: (init) => new BinaryDecoder(init),
  },
};

/** The format of a content type or Accept header; null if it names none of them. */
export function formatOf(header: string | undefined): BulkFormat | null {
  const types = (header ?? '')
    .split(',')
    .map((type) => type.split(';', 1)[0]!.trim().toLowerCase());
  for (const format of ['binary', 'ndjson'] as const) {
    if (types.includes(SPEAKERS[format].mediaType)) return format;
  }
  return null;
}
