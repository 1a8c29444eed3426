import type { Socket } from 'node:net';
import type { Clock } from '../../../store/index.ts';
import { httpTime } from '../../system/index.ts';
import { SAFE_HEADERS } from '../servers.ts';

/** A shorter payload is copied behind the head: one write costs less than two. */
const COPIED_BYTES = 4_096;
const SAFE: string = Object.entries(SAFE_HEADERS)
  .map(([name, value]) => `${name}: ${value}\r\n`)
  .join('');
const BEGIN = {
  200: `HTTP/1.1 200 OK\r\n${SAFE}`,
  201: `HTTP/1.1 201 Created\r\n${SAFE}`,
} as const;

/** The answer to a call. */
export interface HotAnswer {
  readonly status: 200 | 201;
  /** Lines of the head beside those of all answers. */
  readonly head: string;
  readonly body: string | Uint8Array;
}

/** The bytes of answers, as Node writes them. */
export class AnswerText {
  readonly #clock: Clock;
  readonly #keepAlive: string;
  /** The second of the ends. */
  #second = Number.NaN;
  /** The last lines of a head, and the empty line. */
  #stays = '';
  #closes = '';

  /** @param keepAliveMs How long a connection without a request stays open. */
  constructor(clock: Clock, keepAliveMs: number) {
    this.#clock = clock;
    this.#keepAlive = `Connection: keep-alive\r\nKeep-Alive: timeout=${keepAliveMs / 1_000}\r\n`;
  }

  write(socket: Socket, { status, head, body }: HotAnswer, keepAlive: boolean): void {
    const text = `${BEGIN[status]}${head}content-length: ${body.length}\r\n${this.#end(keepAlive)}`;
    if (typeof body === 'string') socket.write(text + body, 'latin1');
    else if (body.length <= COPIED_BYTES) socket.write(text + latin1(body), 'latin1');
    else {
      socket.cork();
      socket.write(text, 'latin1');
      socket.write(body);
      socket.uncork();
    }
  }

  #end(keepAlive: boolean): string {
    const now = this.#clock.now();
    const second = Math.floor(now / 1_000);
    if (second !== this.#second) {
      this.#second = second;
      const date = `Date: ${httpTime(now)}\r\n`;
      this.#stays = `${date}${this.#keepAlive}\r\n`;
      this.#closes = `${date}Connection: close\r\n\r\n`;
    }
    return keepAlive ? this.#stays : this.#closes;
  }
}

function latin1({ buffer, byteOffset, length }: Uint8Array): string {
  return Buffer.from(buffer, byteOffset, length).toString('latin1');
}
