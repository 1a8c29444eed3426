import type { Socket } from 'node:net';
import type { MultiaddrConnection } from '@libp2p/interface';

/** What `@libp2p/tcp` makes of a socket; both are there, but not in its types. */
interface TcpConnection {
  readonly socket: Socket;
  sendData(data: Iterable<Uint8Array>): unknown;
}

/**
 * Has what is sent in one turn leave in one packet. libp2p hands the socket each frame in two pieces at
 * least, and has turned Nagle's algorithm off: each would cost a system call here and there, and a
 * packet on the way.
 */
export function sendTogether(connection: MultiaddrConnection): void {
  const tcp = connection as unknown as TcpConnection;
  const { socket } = tcp;
  const sendData = tcp.sendData.bind(tcp);
  let corked = false;
  tcp.sendData = (data) => {
    if (!corked) {
      corked = true;
      socket.cork();
      queueMicrotask(() => {
        corked = false;
        socket.uncork();
      });
    }
    return sendData(data);
  };
}
