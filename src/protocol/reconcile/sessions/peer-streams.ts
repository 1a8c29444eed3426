import type { ProtocolError } from '../../errors.ts';
import type { SessionChannel } from '../../network/index.ts';
import type { Dialect } from '../dialect.ts';
import type { Visit } from './peer-session.ts';
import { PeerStream, type SessionSlot } from './peer-stream.ts';

export interface PeerStreamsInit {
  self: string;
  /** Finds the meeting for a session that a peer begins; settles when that has ended. */
  visited: (visit: Visit) => Promise<void>;
}

/** The streams that are kept, one with each peer. */
export class PeerStreams {
  readonly #init: PeerStreamsInit;
  readonly #lines = new Map<string, PeerStream>();

  constructor(init: PeerStreamsInit) {
    this.#init = init;
  }

  /** Our turn on the stream that is kept with the peer, if there is one and nothing runs on it. */
  call(peer: string): SessionSlot | undefined {
    const line = this.#lines.get(peer);
    return line?.idle === true ? line.call() : undefined;
  }

  /** Our first turn on a stream that we have opened. */
  opened(channel: SessionChannel, dialect: Dialect): SessionSlot {
    const line = this.#make(channel, dialect);
    const turn = line.call();
    this.keep(line);
    return turn;
  }

  /** Serves a stream that a peer has opened, for as long as it lasts. */
  async serve(channel: SessionChannel, dialect: Dialect): Promise<void> {
    const line = this.#make(channel, dialect);
    await this.#init.visited({ channel: line.serve(), dialect, line });
    await line.over;
  }

  /** From now on the stream is the one that carries sessions with its peer. */
  keep(line: PeerStream | undefined): void {
    if (line === undefined) return;
    const old = this.#lines.get(line.peer);
    if (old === line) return;
    this.#lines.set(line.peer, line);
    void old?.close();
  }

  /** Ends the stream of one peer, or all. */
  abort(error: ProtocolError, peer?: string): void {
    const lines = peer === undefined ? [...this.#lines.values()] : [this.#lines.get(peer)];
    for (const line of lines) line?.abort(error);
  }

  #make(channel: SessionChannel, dialect: Dialect): PeerStream {
    const { peer } = channel;
    const line: PeerStream = new PeerStream({
      self: this.#init.self,
      channel,
      visited: (turn) => this.#init.visited({ channel: turn, dialect, line }),
      ended: () => {
        if (this.#lines.get(peer) === line) this.#lines.delete(peer);
      },
    });
    return line;
  }
}
