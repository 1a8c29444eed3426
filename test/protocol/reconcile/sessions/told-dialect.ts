import {
  type Dialect,
  ProtocolError,
  type Role,
  type Session,
  type SessionInit,
  type SessionMode,
  type Step,
} from '../../../../src/protocol/index.ts';
import type { Outline } from '../../../../src/protocol/reconcile/index.ts';

/** What a session is to show; the test says so beforehand. */
export type Showing = Partial<
  Pick<Session, 'equal' | 'differs' | 'finding' | 'outlines' | 'survey' | 'unsettledFrom'>
> & {
  /** Thrown by the session when its frame has come. */
  readonly error?: Error;
  /** Exchanges before the last. */
  readonly warmUp?: number;
};

const BAD = 66;

/**
 * A dialect that says what a test has told it to. Sessions take one exchange of a byte, or some more.
 * The first frame says as outline the mode of its sender.
 */
export class ToldDialect implements Dialect {
  readonly name = 'tiny';
  readonly version = 1;
  readonly sessions: SessionInit[] = [];
  showing: Showing = {};
  readonly outline?: NonNullable<Dialect['outline']>;

  constructor({ outlines = true }: { outlines?: boolean } = {}) {
    if (!outlines) return;
    this.outline = (frame) => {
      if (frame[0] === BAD) throw new ProtocolError('MALFORMED_FRAME', 'no outline at all');
      return { ...OUTLINE, mode: frame[0] === 1 ? 'reconcile' : 'survey' };
    };
  }

  session(init: SessionInit): Session {
    this.sessions.push(init);
    return new ToldSession(init, this.showing);
  }

  /** How the last session was opened. */
  get last(): SessionInit {
    return this.sessions.at(-1)!;
  }
}

export const OUTLINE: Outline = {
  interval: { lower: { hint: 0n, id: null }, upper: { hint: 9n, id: null } },
  whole: true,
  count: 5,
  root: new Uint8Array(16),
};

class ToldSession implements Session {
  readonly role: Role;
  readonly equal: boolean = false;
  readonly #mode: SessionMode;
  readonly #error: Error | undefined;
  #left: number;

  constructor({ role, mode = 'reconcile' }: SessionInit, { error, warmUp = 0, ...shown }: Showing) {
    this.role = role;
    this.#mode = mode;
    this.#error = error;
    this.#left = warmUp;
    Object.assign(this, shown);
  }

  start(): Step {
    const frames =
      this.role === 'initiator' ? [Uint8Array.of(this.#mode === 'reconcile' ? 1 : 0)] : [];
    return { frames, missing: [], done: false };
  }

  receive(frame: Uint8Array): Step {
    if (this.#error !== undefined) throw this.#error;
    if (frame[0] === BAD) throw new ProtocolError('MALFORMED_FRAME', 'no frame at all');
    const done = this.#left-- <= 0;
    const answers = this.role === 'responder' || !done;
    return { frames: answers ? [Uint8Array.of(7)] : [], missing: [], done };
  }
}
