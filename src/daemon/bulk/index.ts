/**
 * Many items as one stream of bytes: NDJSON or length-prefixed records, as batches, exports and their answers
 * have them. docs/operations-programs.md describes both forms.
 */

export { encodeRecord } from './binary.ts';
export { BulkError, type BulkErrorCode } from './errors.ts';
export { type ExportedItem, ExportReader, type ExportSummary } from './export-reader.ts';
export { type FormatSpeaker, formatOf, SPEAKERS } from './formats.ts';
export type {
  BulkDecoder,
  BulkFault,
  BulkFormat,
  BulkItem,
  BulkNotice,
  BulkRecord,
  ExportHeader,
  ExportTrailer,
  StreamNotice,
} from './records.ts';
export { EXPORT_FORMAT } from './records.ts';
export { ItemTally } from './tally.ts';
