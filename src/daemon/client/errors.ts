/**
 * The daemon refused a call. `code` is stable and `message` says what to do; both are those of its answer.
 * `INVALID_ANSWER`: no daemon answered, but perhaps a proxy. `LINE_TOO_LONG`: a stream has a line above the
 * bound. `ANSWER_CUT`: a stream ended before its end. `INVALID_TOKEN`: the token is no header, so nothing was sent.
 * `ADMIN_UNREACHABLE`: nothing answered; a later call may succeed.
 */
export class ClientError extends Error {
  override readonly name = 'ClientError';
  /** The HTTP status of the answer; 0 where there is none. */
  readonly status: number;
  readonly code: string;

  constructor(status: number, code: string, message: string, options?: ErrorOptions) {
    super(message, options);
    this.status = status;
    this.code = code;
  }
}
