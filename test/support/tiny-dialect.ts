import {
  type Dialect,
  ProtocolError,
  type Role,
  type Session,
  type SessionInit,
  type Step,
} from '../../src/protocol/index.ts';
import {
  type Bytes,
  bytesToKey,
  compareBytes,
  lthash,
  type Snapshot,
} from '../../src/store/index.ts';

const NOTHING: Step = { frames: [], missing: [], done: false };

/**
 * The simplest dialect that works, for tests of what carries a session: both sides first exchange
 * `warmUp` empty frames, then the initiator sends all its ids, then the responder.
 */
export function tinyDialect(
  init: { name?: string; warmUp?: number; lasting?: boolean } = {},
): Dialect {
  const { name = 'tiny', warmUp = 0, lasting = false } = init;
  return {
    name,
    version: 1,
    lasting,
    session(session) {
      const tiny = new TinySession(session, warmUp);
      return lasting ? new Prefixed(tiny) : tiny;
    },
  };
}

/** The same with a byte before each frame, so that none is empty. */
class Prefixed implements Session {
  readonly role: Role;
  readonly #session: Session;

  constructor(session: Session) {
    this.role = session.role;
    this.#session = session;
  }

  get equal(): boolean {
    return this.#session.equal;
  }

  start(): Step {
    return prefixed(this.#session.start());
  }

  receive(frame: Uint8Array): Step {
    if (frame[0] !== 1) throw new ProtocolError('MALFORMED_FRAME', 'not a frame of a session');
    return prefixed(this.#session.receive(frame.subarray(1)));
  }
}

function prefixed(step: Step): Step {
  return { ...step, frames: step.frames.map((frame) => Uint8Array.of(1, ...frame)) };
}

class TinySession implements Session {
  readonly role: Role;
  readonly #snapshot: Snapshot;
  #warmUp: number;
  equal = false;

  constructor({ role, snapshot }: SessionInit, warmUp: number) {
    this.role = role;
    this.#snapshot = snapshot;
    this.#warmUp = warmUp;
  }

  start(): Step {
    if (this.role === 'responder') return NOTHING;
    return { ...NOTHING, frames: [this.#warmUp > 0 ? new Uint8Array(0) : this.#own()] };
  }

  receive(frame: Uint8Array): Step {
    if (frame.length % 32 !== 0) throw new ProtocolError('MALFORMED_FRAME', 'no list of ids');
    if (this.#warmUp > 0) return this.#warm(frame);
    const theirs = Array.from({ length: frame.length / 32 }, (_, i) =>
      frame.slice(32 * i, 32 * (i + 1)),
    );
    const missing = theirs.filter((id) => !this.#snapshot.contains(id));
    this.equal = missing.length === 0 && theirs.length === this.#snapshot.size;
    return { frames: this.role === 'responder' ? [this.#own()] : [], missing, done: true };
  }

  #warm(frame: Uint8Array): Step {
    if (frame.length > 0) throw new ProtocolError('MALFORMED_FRAME', 'not warm yet');
    this.#warmUp--;
    if (this.role === 'responder') return { ...NOTHING, frames: [new Uint8Array(0)] };
    return { ...NOTHING, frames: [this.#warmUp > 0 ? new Uint8Array(0) : this.#own()] };
  }

  #own(): Bytes {
    return this.#snapshot.ids(0, this.#snapshot.size);
  }
}

/** A snapshot over a plain array, as far as `tinyDialect` needs one. */
export function tinySnapshot(
  ids: readonly Uint8Array[],
  released: () => void = () => {},
): Snapshot {
  const sorted = [...ids].sort(compareBytes);
  const known = new Set(sorted.map(bytesToKey));
  const unsupported = (): never => {
    throw new TypeError('not in a tiny snapshot');
  };
  return {
    scheme: lthash,
    size: sorted.length,
    select: (rank) => ({ hint: 0n, id: new Uint8Array(sorted[rank]!) }),
    lowerBound: unsupported,
    keys: unsupported,
    fingerprint: unsupported,
    ids: (begin, end) => Uint8Array.from(sorted.slice(begin, end).flatMap((id) => [...id])),
    contains: (id) => known.has(bytesToKey(id)),
    release: released,
  };
}
