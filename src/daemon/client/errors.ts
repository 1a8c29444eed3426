/**
 * The daemon refused a call. `code` is stable and `message` says what to do; both are those of its answer.
 * `INVALID_ANSWER`: no daemon answered, but perhaps a proxy. `LINE_TOO_LONG`: a stream has a line above the
 * bound. `ANSWER_CUT`: a stream ended before its end.
 */
export class ClientError extends Error {
  override readonly name = 'ClientError';
  /** The HTTP status of the answer. */
  readonly status: number;
  readonly code: string;

  constructor(status: number, code: string, message: string, options?: ErrorOptions) {
    super(message, options);
    this.status = status;
    this.code = code;
  }
}
