import type { MultiaddrConnection, Transport, Upgrader } from '@libp2p/interface';
import type { Multiaddr } from '@multiformats/multiaddr';

/** An outbound TCP connection was made, and the handshake over it failed. */
export class HandshakeError extends Error {
  override readonly name = 'HandshakeError';
  /** The other side sent something. */
  readonly heard: boolean;

  constructor(cause: Error, heard: boolean) {
    super(cause.message, { cause });
    this.heard = heard;
  }
}

export type InboundFailure = (remote: Multiaddr, error: Error) => void;

export interface UpgradeEvents {
  /** A connection was made; its handshake comes next. */
  connected(connection: MultiaddrConnection): void;
  inboundFailure: InboundFailure;
  /** Whether the other side has sent anything. */
  heard(connection: MultiaddrConnection): boolean;
}

/**
 * A transport that shows its connections and the failures of handshakes, which libp2p only logs. A
 * failed inbound one is reported; a failed outbound one rejects the dial with `HandshakeError`.
 */
export function observed<C>(
  factory: (components: C) => Transport,
  events: UpgradeEvents,
): (components: C) => Transport {
  return (components) => {
    const transport = factory(components);
    const dial = transport.dial.bind(transport);
    const createListener = transport.createListener.bind(transport);
    transport.dial = (address, options) =>
      dial(address, { ...options, upgrader: watch(options.upgrader, events) });
    transport.createListener = (options) =>
      createListener({ ...options, upgrader: watch(options.upgrader, events) });
    return transport;
  };
}

function watch(upgrader: Upgrader, events: UpgradeEvents): Upgrader {
  return {
    async upgradeInbound(connection: MultiaddrConnection, options: never) {
      events.connected(connection);
      try {
        await upgrader.upgradeInbound(connection, options);
      } catch (error) {
        events.inboundFailure(connection.remoteAddr, error as Error);
        throw error;
      }
    },
    async upgradeOutbound(connection: MultiaddrConnection, options: never) {
      events.connected(connection);
      try {
        return await upgrader.upgradeOutbound(connection, options);
      } catch (error) {
        throw new HandshakeError(error as Error, events.heard(connection));
      }
    },
    createInboundAbortSignal: (signal) => upgrader.createInboundAbortSignal(signal),
    getStreamMuxers: () => upgrader.getStreamMuxers(),
    getConnectionEncrypters: () => upgrader.getConnectionEncrypters(),
  };
}
