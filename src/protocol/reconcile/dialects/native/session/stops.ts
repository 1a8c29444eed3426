import { type Bound, compareBounds, ZERO_BOUND } from '../../../../../store/index.ts';
import { ProtocolError, type ProtocolErrorCode, SessionStop } from '../../../../errors.ts';
import { encodeRecord } from '../wire/index.ts';

/** Codes on the wire by position; 0 for all others. */
const CODES: readonly (ProtocolErrorCode | null)[] = [
  null,
  'BUDGET_SPENT',
  'MALFORMED_FRAME',
  'FRAME_TOO_LARGE',
  'UNEXPECTED_FRAME',
];

/** The error that ends a session here, with the frame that tells the peer why. */
export function stopFor(error: unknown, from: Bound | null): unknown {
  if (!(error instanceof ProtocolError) || error instanceof SessionStop) return error;
  const code = Math.max(0, CODES.indexOf(error.code));
  // On the wire a bound lies above zero: that nothing is settled goes without saying.
  const told = from !== null && compareBounds(from, ZERO_BOUND) > 0 ? from : null;
  const parting = encodeRecord({ tag: 'stop', code, from: told, reason: error.message }).slice();
  return new SessionStop(error, { parting, from });
}

/** The error for a stop of the peer. */
export function stoppedBy(code: number, from: Bound | null, reason: string): SessionStop {
  const theirs = CODES[code] ?? 'another reason';
  const error =
    theirs === 'BUDGET_SPENT'
      ? new ProtocolError(theirs, `the peer may spend no more: ${reason}`)
      : new ProtocolError('PEER_STOPPED', `the peer ended the session (${theirs}): ${reason}`);
  return new SessionStop(error, { parting: null, from });
}
