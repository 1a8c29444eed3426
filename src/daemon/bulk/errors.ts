import { EXIT } from '../errors.ts';

/** The codes of `BulkError`; they are stable. */
export type BulkErrorCode = 'STREAM_CUT' | 'EXPORT_CUT' | 'EXPORT_FAILED' | 'EXPORT_DAMAGED';

/** A stream of items that cannot be read, or not to its end. */
export class BulkError extends Error {
  override readonly name = 'BulkError';
  readonly code: BulkErrorCode;
  /** Exit code of a process that this error ends. */
  readonly exitCode: number = EXIT.dataError;

  constructor(code: BulkErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}
