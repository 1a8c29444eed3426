import type { BulkError } from './errors.ts';

/** NDJSON, or length-prefixed binary records. */
export type BulkFormat = 'ndjson' | 'binary';

/** The word in the header of an export by which a reader knows it. */
export const EXPORT_FORMAT = 'rangemesh-items-1';

/** An item of a stream. */
export interface BulkItem {
  readonly kind: 'item';
  /** Number of the line or record, from 1. */
  readonly line: number;
  /** Null: the stream does not say. */
  readonly hint: bigint | null;
  /** The id that the stream claims, or null. */
  readonly id: Uint8Array | null;
  readonly payload: Uint8Array;
}

/** A line or record that is no item; the stream goes on behind it. */
export interface BulkFault {
  readonly kind: 'fault';
  readonly line: number;
  readonly code: 'INVALID_RECORD' | 'ITEM_TOO_LARGE';
  readonly message: string;
}

/** A record about the stream. */
export interface BulkNotice {
  readonly kind: 'notice';
  readonly line: number;
  readonly notice: StreamNotice;
}

export type BulkRecord = BulkItem | BulkFault | BulkNotice;

/** Stands before the items of an export. */
export interface ExportHeader {
  readonly format: typeof EXPORT_FORMAT;
  /** First hint wanted, and first hint not wanted. */
  readonly from: string;
  readonly to: string;
  /** Items that follow. */
  readonly items: number;
}

/** Stands behind the items of an export: without it the export is cut. */
export interface ExportTrailer {
  readonly items: number;
  /** Of payloads. */
  readonly bytes: number;
  /** Digest of the set of these items, as the status has it for the whole set; 64 hexadecimal digits. */
  readonly fingerprint: string;
}

/** What a stream says of itself. */
export type StreamNotice =
  | { readonly header: ExportHeader }
  | { readonly trailer: ExportTrailer }
  | { readonly error: { readonly code: string; readonly message: string } }
  | { readonly missing: string };

/** Turns the bytes of a stream into records, however the bytes are cut. */
export interface BulkDecoder {
  /** Bytes of the record that is not whole yet, as far as they are known. */
  readonly collecting: number;
  /** Why nothing behind the last records can be read, or null; the next call throws it. */
  readonly failure: BulkError | null;
  /** Throws `BulkError` `STREAM_CUT` where the stream makes no sense any more. */
  push(chunk: Uint8Array): BulkRecord[];
  /** The records at the end; throws `STREAM_CUT` where the stream ends within a record. */
  end(): BulkRecord[];
}
