import { ProtocolError, type ProtocolErrorCode } from '../errors.ts';

const CODES: Readonly<Record<string, ProtocolErrorCode>> = {
  AbortError: 'ABORTED',
  TimeoutError: 'TIMEOUT',
  UnsupportedProtocolError: 'UNSUPPORTED_PROTOCOL',
  TooManyOutboundProtocolStreamsError: 'BUSY',
  TooManyInboundProtocolStreamsError: 'BUSY',
  StreamStateError: 'STREAM_CLOSED',
  StreamClosedError: 'STREAM_CLOSED',
};

/** An error of libp2p as one of ours; `doing` begins the sentence. */
export function toProtocolError(cause: unknown, doing: string): ProtocolError {
  if (cause instanceof ProtocolError) return cause;
  const { name, message } = cause instanceof Error ? cause : { name: '', message: String(cause) };
  return new ProtocolError(CODES[name] ?? 'STREAM_FAILED', `${doing}: ${message}`, { cause });
}
