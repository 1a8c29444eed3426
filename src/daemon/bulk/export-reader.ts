import { bytesToHex, itemId } from '../../store/index.ts';
import { BulkError } from './errors.ts';
import type { BulkDecoder, BulkItem, BulkRecord, ExportHeader, ExportTrailer } from './records.ts';
import { ItemTally } from './tally.ts';

/** An export that was read to its end and is whole. */
export type ExportSummary = ExportTrailer;

/** An item of an export with the id that its bytes have. */
export interface ExportedItem extends BulkItem {
  readonly hint: bigint;
  readonly id: Uint8Array;
}

/**
 * Reads an export and compares it with its trailer: a cut or changed export is no whole one. Its methods throw
 * `BulkError`.
 */
export class ExportReader {
  readonly #decoder: BulkDecoder;
  readonly #tally = new ItemTally();
  #header: ExportHeader | null = null;
  #trailer: ExportTrailer | null = null;

  constructor(decoder: BulkDecoder) {
    this.#decoder = decoder;
  }

  /** Null before it came. */
  get header(): ExportHeader | null {
    return this.#header;
  }

  push(chunk: Uint8Array): ExportedItem[] {
    return this.#take(this.#decoder.push(chunk));
  }

  /** The items at the end; throws `EXPORT_CUT` where there is no trailer, `EXPORT_DAMAGED` where it does not fit. */
  end(): { readonly items: ExportedItem[]; readonly summary: ExportSummary } {
    const items = this.#take(this.#ended());
    const read = this.#tally.total();
    if (this.#trailer === null) throw cut(read.items);
    const { fingerprint } = this.#trailer;
    if (this.#trailer.items !== read.items || fingerprint !== read.fingerprint) {
      throw new BulkError(
        'EXPORT_DAMAGED',
        `the export has ${read.items} items with the fingerprint ${read.fingerprint}, its trailer says ` +
          `${this.#trailer.items} with ${fingerprint}: export again`,
      );
    }
    return { items, summary: read };
  }

  #ended(): BulkRecord[] {
    try {
      const records = this.#decoder.end();
      // A line that is cut is no item.
      if (records.some(({ kind }) => kind === 'fault')) throw cut(this.#tally.items);
      return records;
    } catch (cause) {
      throw cut(this.#tally.items, cause);
    }
  }

  #take(records: readonly BulkRecord[]): ExportedItem[] {
    const items: ExportedItem[] = [];
    for (const record of records) {
      if (record.kind === 'fault') throw damaged(record.line, record.message);
      if (this.#trailer !== null) throw damaged(record.line, 'something follows the trailer');
      if (record.kind === 'item') items.push(this.#item(record));
      else if ('header' in record.notice) this.#header = record.notice.header;
      else if ('trailer' in record.notice) this.#trailer = record.notice.trailer;
      else if ('error' in record.notice) throw failed(record.notice.error);
    }
    return items;
  }

  #item(record: BulkItem): ExportedItem {
    const { hint, payload, line } = record;
    if (hint === null) throw damaged(line, 'the item has no hint');
    const id = itemId(hint, payload);
    if (record.id !== null && bytesToHex(record.id) !== bytesToHex(id))
      throw damaged(line, 'hint and payload do not hash to the id beside them');
    this.#tally.add(id, payload.length);
    return { ...record, hint, id };
  }
}

function cut(items: number, cause?: unknown): BulkError {
  const message = `the export is cut: it ends behind ${items} items without a trailer; export again`;
  return new BulkError('EXPORT_CUT', message, { cause });
}

function failed({ code, message }: { readonly code: string; readonly message: string }): BulkError {
  return new BulkError('EXPORT_FAILED', `the node could not end the export: ${message} [${code}]`);
}

function damaged(line: number, reason: string): BulkError {
  return new BulkError('EXPORT_DAMAGED', `record ${line} of the export is damaged: ${reason}`);
}
