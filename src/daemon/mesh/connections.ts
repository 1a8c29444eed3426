import type { Connection, Libp2p } from '@libp2p/interface';
import type { Cancel, Clock } from '../../store/index.ts';
import type { Logger } from '../logging.ts';
import type { Notices } from './notices.ts';
import { dropSurplus } from './surplus.ts';

export interface ConnectionsInit {
  readonly libp2p: Pick<Libp2p, 'peerId' | 'addEventListener'>;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly notices: Notices;
  /** Milliseconds a peer may take to identify itself before the connection is dropped. */
  readonly identifyTimeoutMs: number;
  /** Whether a peer that speaks these protocols belongs to our network. */
  ours(protocols: readonly string[]): boolean;
}

export interface ConnectionWatcher {
  connected(peer: string): void;
  disconnected(peer: string): void;
}

const SILENT = 'did not identify itself in time';

/** How a connection stopped being new. */
export type ConnectionOutcome = 'established' | 'closed' | 'silent';

interface Tracked {
  readonly connection: Connection;
  readonly outcome: PromiseWithResolvers<ConnectionOutcome>;
  established: boolean;
  /** The peer speaks protocols of our network. */
  ours: boolean;
  cancel: Cancel;
}

/**
 * Which peers we are connected to. A connection counts only once the peer has identified itself over
 * it: one that a peer's access list refuses looks open to us until then.
 */
export class Connections {
  readonly #init: ConnectionsInit;
  readonly #self: string;
  readonly #tracked = new Map<string, Tracked>();
  readonly #watchers = new Set<ConnectionWatcher>();
  #stopped = false;

  constructor(init: ConnectionsInit) {
    this.#init = init;
    this.#self = init.libp2p.peerId.toString();
    init.libp2p.addEventListener('connection:open', ({ detail }) => this.#opened(detail));
    init.libp2p.addEventListener('peer:identify', ({ detail }) =>
      this.#identified(detail.connection, detail.protocols),
    );
    init.libp2p.addEventListener('connection:close', ({ detail }) => this.#closed(detail));
  }

  connected(peer: string): boolean {
    return this.#of(peer).some(({ established }) => established);
  }

  /** Established and new connections to the peer. */
  count(peer: string): number {
    return this.#of(peer).length;
  }

  /** Peers with an established connection, and the address of one. */
  get peers(): ReadonlyMap<string, string> {
    const peers = new Map<string, string>();
    for (const { connection, established } of this.#tracked.values()) {
      if (established) peers.set(idOf(connection), connection.remoteAddr.toString());
    }
    return peers;
  }

  /** Those of them that speak protocols of our network. */
  get ours(): ReadonlySet<string> {
    const ours = [...this.#tracked.values()].filter(
      (tracked) => tracked.established && tracked.ours,
    );
    return new Set(ours.map(({ connection }) => idOf(connection)));
  }

  /** Whether the peer has a stream open to us of a protocol whose id begins so. */
  serves(peer: string, prefix: string): boolean {
    return this.#of(peer).some(({ connection }) =>
      connection.streams.some(
        ({ direction, protocol }) => direction === 'inbound' && protocol.startsWith(prefix),
      ),
    );
  }

  watch(watcher: ConnectionWatcher): Cancel {
    this.#watchers.add(watcher);
    return () => this.#watchers.delete(watcher);
  }

  /** Resolves once the connection is established or will never be. */
  settled(connection: Connection): Promise<ConnectionOutcome> {
    const tracked = this.#tracked.get(connection.id);
    return tracked?.outcome.promise ?? Promise.resolve('closed');
  }

  /** Ends all connections to the peer, after what is being sent; never rejects. */
  async close(peer: string): Promise<void> {
    const close = async ({ connection }: Tracked) => {
      await connection.close().catch((error: Error) => connection.abort(error));
    };
    await Promise.all(this.#of(peer).map(close));
  }

  /** From now on connections end without a word. */
  stop(): void {
    this.#stopped = true;
    for (const tracked of this.#tracked.values()) tracked.cancel();
  }

  #of(peer: string): Tracked[] {
    return [...this.#tracked.values()].filter(({ connection }) => idOf(connection) === peer);
  }

  #opened(connection: Connection): void {
    if (this.#stopped || connection.status !== 'open') return;
    const tracked: Tracked = {
      connection,
      outcome: Promise.withResolvers(),
      established: false,
      ours: false,
      cancel: this.#init.clock.after(this.#init.identifyTimeoutMs, () => this.#silent(tracked)),
    };
    this.#tracked.set(connection.id, tracked);
  }

  #identified(connection: Connection, protocols: readonly string[]): void {
    const tracked = this.#tracked.get(connection.id);
    if (tracked === undefined) return;
    tracked.ours = this.#init.ours(protocols);
    if (tracked.established) return;
    const peer = idOf(connection);
    const first = !this.connected(peer);
    tracked.cancel();
    tracked.established = true;
    if (first) this.#peerConnected(connection);
    tracked.outcome.resolve('established');
    this.#dropSurplus(peer);
  }

  #peerConnected(connection: Connection): void {
    const peer = idOf(connection);
    const { direction, remoteAddr } = connection;
    this.#init.notices.forget(peer);
    this.#init.logger.info({ peer, direction, address: remoteAddr.toString() }, 'peer connected');
    for (const watcher of this.#watchers) watcher.connected(peer);
  }

  #dropSurplus(peer: string): void {
    const established = this.#of(peer).filter((tracked) => tracked.established);
    for (const [connection, cancel] of dropSurplus({
      connections: established.map(({ connection }) => connection),
      dialledByLower: (connection) => (connection.direction === 'outbound') === this.#self < peer,
      clock: this.#init.clock,
    })) {
      const tracked = this.#tracked.get(connection.id);
      if (tracked !== undefined) tracked.cancel = cancel;
    }
  }

  #closed(connection: Connection): void {
    const tracked = this.#tracked.get(connection.id);
    if (tracked === undefined) return;
    tracked.cancel();
    this.#tracked.delete(connection.id);
    if (tracked.established) this.#peerGone(idOf(connection));
    else this.#refused(connection);
    tracked.outcome.resolve('closed');
  }

  #peerGone(peer: string): void {
    if (this.connected(peer)) return;
    this.#init.logger.info({ peer }, 'peer disconnected');
    for (const watcher of this.#watchers) watcher.disconnected(peer);
  }

  /** Outbound ones are told by whoever dialled. */
  #refused(connection: Connection): void {
    const peer = idOf(connection);
    if (this.#stopped || connection.direction === 'outbound' || this.count(peer) > 0) return;
    const why = `closed the connection right after the handshake: it probably does not list our peer id ${this.#self}; add that to its access list`;
    this.#sayInbound('PEER_REFUSED', connection, why);
  }

  #sayInbound(code: string, connection: Connection, what: string): void {
    const peer = idOf(connection);
    this.#init.notices.say({
      code,
      remote: peer,
      fields: { peer, address: connection.remoteAddr.toString() },
      message: `Peer ${peer} connected to us and ${what}`,
    });
  }

  #silent(tracked: Tracked): void {
    const { connection } = tracked;
    this.#tracked.delete(connection.id);
    tracked.outcome.resolve('silent');
    if (connection.direction === 'inbound') this.#sayInbound('PEER_SILENT', connection, SILENT);
    connection.abort(new Error(SILENT));
  }
}

function idOf(connection: Connection): string {
  return connection.remotePeer.toString();
}
