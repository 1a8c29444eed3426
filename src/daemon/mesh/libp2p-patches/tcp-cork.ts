import type { Socket } from 'node:net';
import type { MultiaddrConnection } from '@libp2p/interface';

/** A part of the class of TCP connections that libp2p's interface lacks. */
interface TcpConnection {
  readonly socket: Socket;
  sendData(data: Iterable<Uint8Array>): unknown;
}

/** Sends all data of one turn in one packet: see docs/decisions.md. */
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

/** Whether the other side has sent a byte. */
export function heardFrom(connection: MultiaddrConnection): boolean {
  return (connection as unknown as TcpConnection).socket.bytesRead > 0;
}
