import { negentropy, type Session, wholeStep } from 'rangemesh/protocol';
import { bytesToHex, hexToBytes, type Snapshot } from 'rangemesh/store';
import type { EventIndex, TimeRange } from './event-index.ts';
import type { RelayMessage } from './relay-connection.ts';

/** Open sessions of one connection. */
const MAX_SESSIONS = 8;
/** A session without a message ends after this time. */
const IDLE_MS = 60_000;
/** Of Negentropy messages that we send; twice as many digits must fit into a message of the client. */
const MAX_MESSAGE_BYTES = 60_000;
/** The keys of a filter that the index knows. */
const FILTER_KEYS: ReadonlySet<string> = new Set(['since', 'until']);

interface ServedSession {
  readonly session: Session;
  readonly snapshot: Snapshot;
  readonly timer: NodeJS.Timeout;
}

/** The reconciliations of one client, which is the initiator of each. */
export class ServedSessions {
  readonly #index: EventIndex;
  readonly #send: (message: RelayMessage) => void;
  readonly #open = new Map<string, ServedSession>();

  constructor(index: EventIndex, send: (message: RelayMessage) => void) {
    this.#index = index;
    this.#send = send;
  }

  /** Answers `NEG-OPEN`. A session of the same id is closed first. */
  async open(id: string, filter: unknown, message: unknown): Promise<void> {
    this.close(id);
    const range = rangeOf(filter);
    if (range === undefined) {
      return this.#refuse(id, 'blocked: filters may have since and until alone, in whole seconds');
    }
    if (this.#open.size === MAX_SESSIONS) {
      return this.#refuse(id, `blocked: close one of your ${MAX_SESSIONS} sessions first`);
    }
    await this.#index.catchUp();
    const snapshot = this.#index.snapshot(range);
    const limits = { maxMessageBytes: MAX_MESSAGE_BYTES };
    const session = negentropy.session({ role: 'responder', snapshot, limits });
    session.start();
    const timer = setTimeout(() => this.#refuse(id, 'closed: you took too long'), IDLE_MS).unref();
    this.#open.set(id, { session, snapshot, timer });
    this.answer(id, message);
  }

  /** Answers `NEG-MSG`, and the first message of a session. */
  answer(id: string, message: unknown): void {
    const served = this.#open.get(id);
    try {
      if (served === undefined) throw new Error('there is no such session');
      served.timer.refresh();
      const step = wholeStep(served.session, served.session.receive(hexToBytes(String(message))));
      for (const frame of step.frames) this.#send(['NEG-MSG', id, bytesToHex(frame)]);
    } catch (error) {
      this.#refuse(id, `error: ${(error as Error).message}`);
    }
  }

  close(id: string): void {
    const served = this.#open.get(id);
    if (served === undefined) return;
    clearTimeout(served.timer);
    served.snapshot.release();
    this.#open.delete(id);
  }

  closeAll(): void {
    for (const id of this.#open.keys()) this.close(id);
  }

  #refuse(id: string, reason: string): void {
    this.close(id);
    this.#send(['NEG-ERR', id, reason]);
  }
}

function rangeOf(filter: unknown): TimeRange | undefined {
  if (typeof filter !== 'object' || filter === null) return undefined;
  const isKnown = ([key, value]: [string, unknown]) =>
    FILTER_KEYS.has(key) && Number.isSafeInteger(value) && Number(value) >= 0;
  return Object.entries(filter).every(isKnown) ? filter : undefined;
}
