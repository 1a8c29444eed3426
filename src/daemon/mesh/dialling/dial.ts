import type { Connection, Libp2p } from '@libp2p/interface';
import type { Cancel } from '../../../store/index.ts';
import { DaemonError, reasonOf } from '../../errors.ts';
import { parsePeerAddress } from '../../peer-address.ts';
import type { Access } from '../access.ts';
import type { Connections, ConnectionWatcher } from '../connections.ts';
import type { SelfMeetings } from '../standing/index.ts';
import { HandshakeError } from './upgrades.ts';

/** The network as the dialers see it. */
export interface Dial {
  /** The peer id of this node. */
  readonly self: string;
  /**
   * Connects to an address. Resolves with the id of the peer there (`self` when it leads to this node)
   * once the connection is usable; rejects with `DaemonError`.
   */
  dial(address: string, signal: AbortSignal): Promise<string>;
  connected(peer: string): boolean;
  /** Whether the connection to the peer, or the last one, carried something for the sets. */
  brought(peer: string): boolean;
  /** Calls back as peers connect and disconnect, whichever side dialled. */
  watch(watcher: ConnectionWatcher): Cancel;
}

/** Dials through libp2p, and explains failures. */
export function libp2pDial(init: {
  readonly libp2p: Pick<Libp2p, 'peerId' | 'dial'>;
  readonly connections: Connections;
  readonly mode: Access['mode'];
  brought(peer: string): boolean;
  readonly meetings: Pick<SelfMeetings, 'during'>;
}): Dial {
  const self = init.libp2p.peerId.toString();
  return {
    self,
    connected: (peer) => init.connections.connected(peer),
    brought: (peer) => init.brought(peer),
    watch: (watcher) => init.connections.watch(watcher),
    dial(address, signal) {
      const { multiaddr } = parsePeerAddress(address);
      return init.meetings.during(async (met) => {
        let connection: Connection;
        try {
          connection = await init.libp2p.dial(multiaddr, { signal });
        } catch (error) {
          if (!isSelf(error)) throw explain(address, self, init.mode, firstOf(error));
          if (namesSelf(error) || (await met())) return self;
          throw twin(address, self);
        }
        const outcome = await init.connections.settled(connection);
        const peer = connection.remotePeer.toString();
        if (outcome === 'closed' && !init.connections.connected(peer)) throw refused(address, self);
        if (outcome === 'silent') throw silent(address);
        return peer;
      });
    },
  };
}

/** Dials the address until `signal` aborts, whatever becomes of the dial. Rejects with `DaemonError`. */
export async function dialUntil(
  dial: Pick<Dial, 'dial'>,
  address: string,
  signal: AbortSignal,
): Promise<string> {
  const { promise: aborted, reject } = Promise.withResolvers<never>();
  signal.addEventListener('abort', () => reject(signal.reason), { once: true });
  try {
    return await Promise.race([dial.dial(address, signal), aborted]);
  } catch (cause) {
    if (cause instanceof DaemonError) throw cause;
    throw new DaemonError('DIAL_FAILED', `Cannot reach ${address}: ${reasonOf(cause)}`, { cause });
  }
}

const REFUSALS: ReadonlySet<string> = new Set([
  'PEER_REFUSED',
  'HANDSHAKE_FAILED',
  'WRONG_PRE_SHARED_KEY',
]);

/** Whether the peer itself hung up on this node: its other addresses lead to the same answer. */
export function isRefusal({ code }: DaemonError): boolean {
  return REFUSALS.has(code);
}

/** `target` is an address or a peer. */
export function timedOut(target: string): DaemonError {
  return new DaemonError('DIAL_FAILED', `Cannot reach ${target}: it did not answer in time`);
}

function firstOf(error: unknown): Error {
  const errors = error instanceof AggregateError ? (error.errors as Error[]) : [];
  return errors.find(({ name }) => name === 'HandshakeError') ?? errors[0] ?? (error as Error);
}

function causeOf(error: Error): Error {
  return error instanceof HandshakeError ? (error.cause as Error) : error;
}

function isSelf(error: unknown): boolean {
  return causeOf(firstOf(error)).name === 'InvalidPeerIdError' || namesSelf(error);
}

/** libp2p does not even dial an address with the id of this node. */
function namesSelf(error: unknown): boolean {
  return causeOf(firstOf(error)).message === 'Tried to dial self';
}

function twin(address: string, self: string): DaemonError {
  const message = `The node at ${address} is another one and has the identity of this node, ${self}: give each node an identity of its own; stop one of them and move its identity.key away`;
  return new DaemonError('SAME_IDENTITY', message);
}

function explain(address: string, self: string, mode: Access['mode'], error: Error): DaemonError {
  const cause = causeOf(error);
  if (cause instanceof DaemonError) return cause;
  if (cause.name === 'ConnectionClosedError') return refused(address, self, error);
  if (error instanceof HandshakeError) return handshakeFailed(address, self, mode, error);
  // A node without room resets the connection as soon as it has accepted it.
  if (/ECONNRESET/.test(error.message)) return full(address, error);
  return unreachable(address, error);
}

/** Noise wraps the end of the time. */
function isLate({ name, message }: Error): boolean {
  return (
    ['AbortError', 'TimeoutError'].includes(name) || /aborted|timed out|timeout/i.test(message)
  );
}

function unreachable(address: string, error: Error): DaemonError {
  const why = isLate(error) ? 'it did not answer in time' : shortly(error.message);
  const message = `Cannot reach ${address}: ${why}. Check that a node runs there and that the address is right`;
  return new DaemonError('DIAL_FAILED', message, { cause: error });
}

/** The reason alone: libp2p puts the address before it, and Node behind it. */
function shortly(message: string): string {
  return message.replace(/^connection error \S+: /i, '').replace(/^connect (E\w+) .*$/, '$1');
}

function handshakeFailed(
  address: string,
  self: string,
  mode: Access['mode'],
  error: HandshakeError,
): DaemonError {
  const cause = error.cause as Error;
  const [, actual] = /identity key (\w+) does not match expected/.exec(cause.message) ?? [];
  if (actual !== undefined) {
    const message = `The node at ${address} is ${actual}, another than the address names: correct the peer id at its end`;
    return new DaemonError('OTHER_IDENTITY', message, { cause });
  }
  if (mode === 'psk') return wrongKey(address, self, error);
  if (error.heard) {
    const message = `The peer at ${address} broke off the handshake (${cause.message}): it probably has a pre-shared key, and this node has none: set access to psk here, with a copy of its key file. Or it is no rangemesh node. Our peer id is ${self}`;
    return new DaemonError('HANDSHAKE_FAILED', message, { cause });
  }
  if (isLate(cause)) return silent(address, cause);
  return full(address, cause);
}

function full(address: string, cause: Error): DaemonError {
  const message = `The peer at ${address} hung up before it said anything: it has as many connections as network.maxConnections allows there, or as it takes at a time or from one host; or it is no rangemesh node`;
  return new DaemonError('PEER_FULL', message, { cause });
}

/** A node without a key sends nothing to one that has a key, as little as one that is full. */
function wrongKey(address: string, self: string, { cause, heard }: HandshakeError): DaemonError {
  const why = heard
    ? 'it has another pre-shared key than this node: compare the key files'
    : 'it probably has another pre-shared key than this node, or none: compare the key files; or it has no room for a further connection';
  const message = `The peer at ${address} broke off the handshake (${reasonOf(cause)}): ${why}. Our peer id is ${self}`;
  return new DaemonError(heard ? 'WRONG_PRE_SHARED_KEY' : 'PEER_REFUSED', message, { cause });
}

function refused(address: string, self: string, cause?: Error): DaemonError {
  const message = `The peer at ${address} closed the connection right after the handshake: it probably does not list our peer id ${self}, so add that to its access list; or it keeps its last connections for others`;
  return new DaemonError('PEER_REFUSED', message, { cause });
}

function silent(address: string, cause?: Error): DaemonError {
  const message = `The peer at ${address} accepted the connection and did not identify itself in time: it is overloaded or stopped, or no rangemesh node`;
  return new DaemonError('PEER_SILENT', message, { cause });
}
