import type { Server } from 'node:http';
import type { Socket } from 'node:net';

/**
 * Holds a server to `max` connections. Past them the connection that has waited longest without a request
 * is closed, or else the new one: connections without a request keep no other out.
 */
export function boundConnections(server: Server, max: number): void {
  /** Requests whose answer is not out yet, by open connection. */
  const pending = new Map<Socket, number>();
  /** Connections without any, the longest waiting first. */
  const idle = new Set<Socket>();
  const close = (socket: Socket) => {
    pending.delete(socket);
    idle.delete(socket);
  };
  server.on('connection', (socket: Socket) => {
    pending.set(socket, 0);
    idle.add(socket);
    socket.once('close', () => close(socket));
    if (pending.size <= max) return;
    const [longest] = idle;
    close(longest!);
    longest!.destroy();
  });
  server.prependListener('request', ({ socket }, response) => {
    pending.set(socket, (pending.get(socket) ?? 0) + 1);
    idle.delete(socket);
    response.once('close', () => {
      const left = (pending.get(socket) ?? 0) - 1;
      if (left < 0) return;
      pending.set(socket, left);
      if (left === 0) idle.add(socket);
    });
  });
}
