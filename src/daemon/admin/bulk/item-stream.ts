import { bytesToHex, type Item } from '../../../store/index.ts';
import {
  EXPORT_FORMAT,
  type ExportHeader,
  type FormatSpeaker,
  ItemTally,
} from '../../bulk/index.ts';
import type { RefusalReason } from '../../node-api.ts';
import { inBlocks } from './blocks.ts';

export interface WrittenItems {
  readonly speaker: FormatSpeaker;
  /** Of an export. */
  readonly header?: Omit<ExportHeader, 'format'>;
  /** Null: the item of this place is missing; its id is in `ids`. */
  readonly pages: AsyncIterable<readonly (Item | null)[]>;
  readonly ids?: readonly Uint8Array[];
  /** What the items must add up to. */
  readonly fingerprint?: string;
  readonly refusalOf: (error: unknown) => RefusalReason;
  /** Bytes given out that the client has not taken. */
  readonly unsent: () => number;
}

/** The bytes of a stream of items, its trailer, or the error that ended it. */
export async function* writeItems(init: WrittenItems): AsyncGenerator<Uint8Array> {
  const { speaker, header, refusalOf } = init;
  const tally = new ItemTally();
  try {
    if (header !== undefined)
      yield speaker.notice({ header: { format: EXPORT_FORMAT, ...header } });
    yield* inBlocks(pieces(init, tally), init.unsent);
    const trailer = tally.total();
    if (init.fingerprint !== undefined && init.fingerprint !== trailer.fingerprint)
      throw new Error(`the items add up to ${trailer.fingerprint}, not to ${init.fingerprint}`);
    yield speaker.notice({ trailer });
  } catch (error) {
    yield speaker.notice({ error: refusalOf(error) });
  }
}

async function* pieces(
  { speaker, pages, ids }: WrittenItems,
  tally: ItemTally,
): AsyncGenerator<Uint8Array> {
  let at = 0;
  for await (const page of pages) {
    for (const item of page) {
      if (item === null) {
        yield speaker.notice({ missing: bytesToHex(ids![at]!) });
      } else {
        tally.add(item.id, item.payload.length);
        yield* speaker.item(item);
      }
      at++;
    }
  }
}
