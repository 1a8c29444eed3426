import type { Connection, IdentifyResult, Libp2p } from '@libp2p/interface';
import type { Cancel, Clock } from '../../store/index.ts';
import type { Logger } from '../logging.ts';
import { hostOf } from '../peer-address.ts';
import type { Notices } from './notices.ts';
import type { MeshOptions } from './options.ts';
import { noCommonDialect, otherNetwork, type PeerTroubles, runOf } from './standing/index.ts';
import { dropSurplus } from './surplus.ts';
import { type ConnectionOutcome, idOf, type Tracked } from './tracked.ts';
import { Introducer, TwinSightings } from './twins/index.ts';

export interface ConnectionsInit
  extends Pick<MeshOptions, 'identifyTimeoutMs' | 'strangerMs' | 'twinMs'> {
  readonly libp2p: Pick<Libp2p, 'peerId' | 'addEventListener'>;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly notices: Notices;
  readonly troubles: PeerTroubles;
  /** Protocol over which runs with one identity are introduced to each other. */
  readonly twinProtocol: string;
  /** Whether a peer that speaks these protocols belongs to this network. */
  ours(protocols: readonly string[]): boolean;
  /** Whether sessions are possible with a peer that speaks these protocols. */
  speaks(protocols: readonly string[]): boolean;
  /** Whether the peer takes part in gossip of this network. */
  hears(peer: string): boolean;
}

export interface ConnectionWatcher {
  connected(peer: string): void;
  disconnected(peer: string): void;
}

/** What is over once a peer has connected. */
const ACCESS_CODES: readonly string[] = [
  'PEER_REFUSED',
  'PEER_SILENT',
  'PEER_NOT_LISTED',
  'PEER_DENIED',
  'PEER_BANNED',
  'TOO_MANY_CONNECTIONS',
  'HANDSHAKE_FAILED',
  'WRONG_PRE_SHARED_KEY',
];

const SILENT = 'did not identify itself in time';

type Identified = Pick<IdentifyResult, 'connection' | 'protocols' | 'agentVersion'>;

/** Connected peers. Before identification a connection that the peer will refuse looks open. */
export class Connections {
  readonly #init: ConnectionsInit;
  readonly #self: string;
  readonly #tracked = new Map<string, Tracked>();
  readonly #watchers = new Set<ConnectionWatcher>();
  readonly #twins: TwinSightings;
  #stopped = false;

  constructor(init: ConnectionsInit) {
    this.#init = init;
    this.#self = init.libp2p.peerId.toString();
    this.#twins = new TwinSightings({
      ...init,
      established: (peer) => this.#of(peer).filter(({ established }) => established),
      introducer: new Introducer({
        ...init,
        protocol: init.twinProtocol,
        runs: (peer) => this.#twins.runs(peer),
      }),
    });
    init.libp2p.addEventListener('connection:open', ({ detail }) => this.#opened(detail));
    init.libp2p.addEventListener('peer:identify', ({ detail }) => this.#identified(detail));
    init.libp2p.addEventListener('connection:close', ({ detail }) => this.#closed(detail));
  }

  connected(peer: string): boolean {
    return this.#of(peer).some(({ established }) => established);
  }

  /** Number of connections to the peer, established or new. */
  count(peer: string): number {
    return this.#of(peer).length;
  }

  /** Number of connections to all peers but some. */
  countWithout(isLeftOut: (peer: string) => boolean): number {
    const all = [...this.#tracked.values()];
    return all.filter(({ connection }) => !isLeftOut(idOf(connection))).length;
  }

  /** Peers with an established connection, and the address of the newest one. */
  get peers(): ReadonlyMap<string, string> {
    const entries = this.#established.map(
      ({ connection }) => [idOf(connection), connection.remoteAddr.toString()] as const,
    );
    return new Map(entries);
  }

  /** Those of them that speak protocols of this network. */
  get ours(): ReadonlySet<string> {
    const ours = this.#established.filter((tracked) => tracked.ours);
    return new Set(ours.map(({ connection }) => idOf(connection)));
  }

  get #established(): Tracked[] {
    return [...this.#tracked.values()].filter(({ established }) => established);
  }

  /** Whether the peer has opened a stream to this node whose protocol id begins with `prefix`. */
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
    return this.#tracked.get(connection.id)?.outcome.promise ?? Promise.resolve('closed');
  }

  /** Ends all connections to the peer once pending data is sent; never rejects. */
  async close(peer: string): Promise<void> {
    const close = async ({ connection }: Tracked) => {
      await connection.close().catch((error: Error) => connection.abort(error));
    };
    await Promise.all(this.#of(peer).map(close));
  }

  /** From now on the end of a connection is not logged. */
  stop(): void {
    this.#stopped = true;
    this.#twins.stop();
    for (const tracked of this.#tracked.values()) {
      tracked.cancel();
      tracked.cancelTwin();
    }
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
      speaks: false,
      run: null,
      cancelTwin: () => undefined,
      cancel: this.#init.clock.after(this.#init.identifyTimeoutMs, () => this.#silent(tracked)),
    };
    this.#tracked.set(connection.id, tracked);
  }

  #identified({ connection, protocols, agentVersion }: Identified): void {
    const tracked = this.#tracked.get(connection.id);
    if (tracked === undefined) return;
    const peer = idOf(connection);
    tracked.ours = this.#init.ours(protocols);
    tracked.speaks = this.#init.speaks(protocols);
    tracked.run = runOf(agentVersion);
    if (tracked.ours) this.#init.troubles.over(peer, 'PEER_OF_OTHER_NETWORK');
    if (tracked.speaks) this.#init.troubles.over(peer, 'NO_COMMON_DIALECT');
    if (tracked.established) return;
    const first = !this.connected(peer);
    tracked.cancel();
    if (!tracked.ours || !tracked.speaks) this.#reviewLater(tracked);
    tracked.established = true;
    if (first) this.#peerConnected(peer, connection);
    tracked.outcome.resolve('established');
    this.#twins.came(tracked);
    this.#dropSurplus(tracked);
  }

  #peerConnected(peer: string, { direction, remoteAddr }: Connection): void {
    this.#init.notices.forget(peer, ACCESS_CODES);
    this.#init.logger.info({ peer, direction, address: remoteAddr.toString() }, 'peer connected');
    for (const watcher of this.#watchers) watcher.connected(peer);
  }

  #dropSurplus({ connection, run }: Tracked): void {
    const peer = idOf(connection);
    const established = this.#of(peer).filter((each) => each.established && each.run === run);
    for (const [connection, cancel] of dropSurplus({
      connections: established.map(({ connection }) => connection),
      dialledByLower: (connection) => (connection.direction === 'outbound') === this.#self < peer,
      clock: this.#init.clock,
    })) {
      const tracked = this.#tracked.get(connection.id);
      if (tracked === undefined) continue;
      const before = tracked.cancel;
      tracked.cancel = () => {
        before();
        cancel();
      };
    }
  }

  #closed(connection: Connection): void {
    const tracked = this.#tracked.get(connection.id);
    if (tracked === undefined) return;
    tracked.cancel();
    tracked.cancelTwin();
    this.#tracked.delete(connection.id);
    this.#twins.went(idOf(connection));
    if (tracked.established) this.#peerGone(idOf(connection));
    else this.#refused(connection);
    tracked.outcome.resolve('closed');
  }

  #peerGone(peer: string): void {
    if (this.connected(peer)) return;
    this.#init.logger.info({ peer }, 'peer disconnected');
    for (const watcher of this.#watchers) watcher.disconnected(peer);
  }

  #refused(connection: Connection): void {
    if (this.#stopped || this.count(idOf(connection)) > 0) return;
    const why = `closed the connection right after the handshake: it probably does not list our peer id ${this.#self}; add that to its access list`;
    this.#sayInbound('PEER_REFUSED', connection, why);
  }

  /** The dialler logs the fate of an outbound connection. */
  #sayInbound(code: string, { direction, remotePeer, remoteAddr }: Connection, end: string): void {
    if (direction === 'outbound') return;
    const message = `Peer ${remotePeer} connected to us and ${end}`;
    this.#init.notices.sayOf(remotePeer, remoteAddr, code, message);
  }

  #reviewLater(tracked: Tracked): void {
    const { clock, strangerMs } = this.#init;
    tracked.cancel = clock.after(strangerMs, () => this.#review(tracked));
  }

  /** A stranger that only identifies would hold its place for ever. */
  #review(tracked: Tracked): void {
    const { connection, ours, speaks } = tracked;
    const { remoteAddr } = connection;
    if (ours) {
      if (!speaks) {
        this.#init.troubles.tell(
          idOf(connection),
          'NO_COMMON_DIALECT',
          noCommonDialect(connection),
        );
      }
      return;
    }
    if (this.#init.hears(idOf(connection)) || this.#usesOurs(connection)) {
      this.#reviewLater(tracked);
      return;
    }
    // By host where the peer dialled: identities cost nothing.
    const remote = connection.direction === 'inbound' ? hostOf(remoteAddr) : idOf(connection);
    this.#init.troubles.tell(
      idOf(connection),
      'PEER_OF_OTHER_NETWORK',
      otherNetwork(connection),
      remote,
    );
    connection.close().catch((error: Error) => connection.abort(error));
  }

  /** A client that serves nothing still opens streams of this network. */
  #usesOurs({ streams }: Connection): boolean {
    return this.#init.ours(streams.map(({ protocol }) => protocol));
  }

  #silent(tracked: Tracked): void {
    const { connection } = tracked;
    this.#tracked.delete(connection.id);
    tracked.outcome.resolve('silent');
    this.#sayInbound('PEER_SILENT', connection, SILENT);
    connection.abort(new Error(SILENT));
  }
}
