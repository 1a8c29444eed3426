import {
  compareBounds,
  ID_BYTES,
  isBound,
  kindOf,
  type Snapshot,
} from '../../../../store/index.ts';
import { ProtocolError } from '../../../errors.ts';
import type { Interval, SessionInit } from '../../dialect.ts';

/** Throws `INVALID_LIMIT` for a limit with which a session may not end. */
export function checkLeast(name: string, value: number, least: number): void {
  if (value >= least) return;
  const message = `${name} is ${least} or more, not ${value}: below it a session may not end`;
  throw new ProtocolError('INVALID_LIMIT', message);
}

/** Throws `INVALID_LIMIT` unless each limit is a number from 0 on. */
export function checkLimits(limits: object): void {
  for (const [name, value] of Object.entries(limits)) {
    if (typeof value === 'number' && value >= 0) continue;
    const message = `${name} is a number from 0 on, not ${String(value)}: leave it out for its default`;
    throw new ProtocolError('INVALID_LIMIT', message);
  }
}

/** Throws `INVALID_SCHEME` unless the digests of the snapshot have `bytes` bytes. */
export function checkDigests(dialect: string, { scheme }: Snapshot, bytes: number): void {
  const { length } = scheme.digest(scheme.empty(), 0);
  if (length === bytes) return;
  throw new ProtocolError(
    'INVALID_SCHEME',
    `the ${dialect} dialect sends digests of ${bytes} bytes, ${scheme.name} makes ${length}`,
  );
}

/**
 * Throws `INVALID_INIT`, `INVALID_ROLE`, `INVALID_SNAPSHOT`, `INVALID_INTERVAL`, `INVALID_MODE` or
 * `INVALID_REFUSES` for a wrong use of a dialect.
 */
export function checkSession(init: SessionInit): void {
  if (typeof init !== 'object' || init === null) {
    const message = `a session takes { role, snapshot }, not ${kindOf(init)}`;
    throw new ProtocolError('INVALID_INIT', message);
  }
  const { role, snapshot, interval, mode, refuses, history } = init;
  if (role !== 'initiator' && role !== 'responder') {
    const message = `a role is 'initiator' or 'responder', not ${String(role)}`;
    throw new ProtocolError('INVALID_ROLE', message);
  }
  if (typeof snapshot?.lowerBound !== 'function' || typeof snapshot.fingerprint !== 'function') {
    const message = 'a session takes a snapshot, not a set: give it set.snapshot()';
    throw new ProtocolError('INVALID_SNAPSHOT', message);
  }
  if (interval !== undefined) checkInterval(interval);
  if (history !== undefined && typeof history?.since !== 'function') {
    const message = "'history' of a session is made by a RootHistory: give it history.now()";
    throw new ProtocolError('INVALID_INIT', message);
  }
  if (mode !== undefined && mode !== 'survey' && mode !== 'reconcile') {
    const message = `a mode is 'survey' or 'reconcile', not ${String(mode)}`;
    throw new ProtocolError('INVALID_MODE', message);
  }
  if (refuses !== undefined && typeof refuses !== 'function') {
    const message = `'refuses' is a function of an id, not ${kindOf(refuses)}`;
    throw new ProtocolError('INVALID_REFUSES', message);
  }
}

function checkInterval(interval: Interval): void {
  const { lower, upper } = interval ?? {};
  if (!isBound(lower) || !isBound(upper)) {
    const message = `a bound of an interval has a bigint as its hint, and up to ${ID_BYTES} bytes of an id or null`;
    throw new ProtocolError('INVALID_INTERVAL', message);
  }
  if (compareBounds(lower, upper) < 0) return;
  throw new ProtocolError(
    'INVALID_INTERVAL',
    'an interval holds something: its lower bound lies below its upper bound',
  );
}

/**
 * A copy of a frame, since its owner may use its memory again. A frame past the limit is refused anyway.
 * Throws `INVALID_FRAME` unless the frame is bytes.
 */
export function takeFrame(frame: Uint8Array, maxBytes: number): Uint8Array {
  if (!(frame instanceof Uint8Array)) {
    const message = `a frame is a Uint8Array, not a ${typeof frame}: decode it first`;
    throw new ProtocolError('INVALID_FRAME', message);
  }
  return frame.length > maxBytes ? frame : new Uint8Array(frame);
}
