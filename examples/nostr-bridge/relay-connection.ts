import { negentropy, wholeStep } from 'rangemesh/protocol';
import { bytesToHex, hexToBytes, type Snapshot } from 'rangemesh/store';
import type { TimeRange } from './event-index.ts';

/** A message of a relay: a type, and what belongs to it. */
export type RelayMessage = readonly unknown[];

/** Event ids in hexadecimal digits. */
export interface EventDifference {
  /** Here alone. */
  readonly have: readonly string[];
  /** At the relay alone. */
  readonly need: readonly string[];
}

/** A silence of the relay ends a conversation. */
const SILENCE_MS = 10_000;
/** Of Negentropy messages that we send. Hexadecimal digits double them, and relays often take 128 KiB. */
const MAX_MESSAGE_BYTES = 60_000;

/** A client of one relay. It holds one conversation at a time. */
export class RelayConnection {
  readonly #socket: WebSocket;
  #hear: ((message: RelayMessage) => void) | undefined;
  #fail: ((error: Error) => void) | undefined;
  #notice = '';
  #conversations = 0;

  private constructor(socket: WebSocket) {
    this.#socket = socket;
    socket.addEventListener('message', ({ data }) => this.#take(String(data)));
    socket.addEventListener('close', () =>
      this.#fail?.(new Error('the relay closed the connection')),
    );
  }

  static async open(url: string): Promise<RelayConnection> {
    const socket = new WebSocket(url);
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    socket.addEventListener('open', () => resolve());
    socket.addEventListener('error', () => reject(new Error(`no relay answers at ${url}`)));
    await promise;
    return new RelayConnection(socket);
  }

  close(): void {
    this.#socket.close();
  }

  /** Sends messages, and hears what comes until `isEnd` says that it was the last one. */
  async converse(
    messages: readonly RelayMessage[],
    isEnd: (message: RelayMessage) => boolean,
  ): Promise<void> {
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const late = () =>
      reject(new Error(`the relay was silent for ${SILENCE_MS} ms${this.#notice}`));
    let timer = setTimeout(late, SILENCE_MS);
    this.#fail = reject;
    this.#hear = (message) => {
      clearTimeout(timer);
      timer = setTimeout(late, SILENCE_MS);
      if (isEnd(message)) resolve();
    };
    try {
      if (this.#socket.readyState !== WebSocket.OPEN) throw new Error('the relay has gone');
      for (const message of messages) this.#socket.send(JSON.stringify(message));
      await promise;
    } finally {
      clearTimeout(timer);
      this.#hear = undefined;
      this.#fail = undefined;
    }
  }

  /** Sends a message that has no answer. */
  tell(message: RelayMessage): void {
    if (this.#socket.readyState === WebSocket.OPEN) this.#socket.send(JSON.stringify(message));
  }

  /** A subscription id that was not used on this connection. */
  nextId(): string {
    return `bridge-${++this.#conversations}`;
  }

  /** Compares the events of the snapshot with those that the relay has in the same range. */
  async reconcile(snapshot: Snapshot, range: TimeRange): Promise<EventDifference> {
    const [have, need]: [string[], string[]] = [[], []];
    const limits = { maxMessageBytes: MAX_MESSAGE_BYTES };
    const session = negentropy.session({ role: 'initiator', snapshot, limits });
    const id = this.nextId();
    let step = wholeStep(session, session.start());
    let message: RelayMessage = ['NEG-OPEN', id, range, bytesToHex(step.frames[0]!)];
    try {
      while (!step.done) {
        const answer = hexToBytes(await this.#askRelay(id, message));
        step = wholeStep(session, session.receive(answer));
        for (const key of step.have ?? []) have.push(bytesToHex(key));
        for (const key of step.missing) need.push(bytesToHex(key));
        if (!step.done) message = ['NEG-MSG', id, bytesToHex(step.frames[0]!)];
      }
    } finally {
      this.tell(['NEG-CLOSE', id]);
    }
    return { have, need };
  }

  async #askRelay(id: string, message: RelayMessage): Promise<string> {
    let answer = '';
    await this.converse([message], ([type, about, text]) => {
      if (about !== id) return false;
      if (type === 'NEG-ERR') throw new Error(`the relay does not reconcile: ${text}`);
      if (type === 'NEG-MSG') answer = String(text);
      return type === 'NEG-MSG';
    });
    return answer;
  }

  #take(text: string): void {
    try {
      const message: unknown = JSON.parse(text);
      if (!Array.isArray(message)) throw new Error('it is no list');
      if (message[0] === 'NOTICE') this.#notice = `; it said: ${String(message[1]).slice(0, 200)}`;
      this.#hear?.(message);
    } catch (error) {
      this.#fail?.(error as Error);
    }
  }
}
