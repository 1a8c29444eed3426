import type { Socket } from 'node:net';
import type { MultiaddrConnection } from '@libp2p/interface';
import type { BulkPace, Clock } from '../../../store/index.ts';

/** A part of the class of TCP connections that libp2p's interface lacks. */
interface TcpReader extends MultiaddrConnection {
  readonly socket: Socket;
  readonly readStatus: string;
  onData(bytes: Uint8Array): void;
}

export interface PacedReadsInit {
  clock: Pick<Clock, 'after'>;
  /** How long all connections together may be read in one turn of the event loop. */
  pace: Pick<BulkPace, 'sliceMs' | 'busyMs'>;
}

/**
 * Reads of all connections in one turn of the event loop end with its share of time. Node reads up to 2 MiB of
 * a socket at once, and all of that would be deciphered and digested before a client has its turn.
 */
export class PacedReads {
  readonly #init: PacedReadsInit;
  /** When the reads of this turn began; null: there were none. */
  #begunMs: number | null = null;
  /** Connections that were read in this turn. */
  readonly #served = new Set<TcpReader>();
  /** Connections that wait for a later turn. */
  readonly #held = new Set<TcpReader>();

  constructor(init: PacedReadsInit) {
    this.#init = init;
  }

  /** Paces the reads of the connection. */
  add(connection: MultiaddrConnection): void {
    const tcp = connection as TcpReader;
    const onData = tcp.onData.bind(tcp);
    tcp.onData = (bytes) => {
      if (this.#spent) return this.#hold(tcp, bytes);
      this.#served.add(tcp);
      onData(bytes);
    };
  }

  get #spent(): boolean {
    const { clock, pace } = this.#init;
    const now = pace.busyMs();
    if (this.#begunMs !== null) return now - this.#begunMs >= pace.sliceMs;
    this.#begunMs = now;
    clock.after(0, () => this.#goOn());
    return false;
  }

  /** The socket keeps the bytes itself: so its end comes behind them. */
  #hold(tcp: TcpReader, bytes: Uint8Array): void {
    tcp.socket.pause();
    tcp.socket.unshift(bytes);
    this.#held.add(tcp);
  }

  #goOn(): void {
    this.#begunMs = null;
    // A connection with many bytes would else take every turn.
    const held = [...this.#held];
    const [served, unserved] = [true, false].map((was) =>
      held.filter((one) => this.#served.has(one) === was),
    );
    this.#held.clear();
    this.#served.clear();
    for (const { readStatus, socket } of [...unserved!, ...served!]) {
      if (readStatus !== 'paused') socket.resume();
    }
  }
}
