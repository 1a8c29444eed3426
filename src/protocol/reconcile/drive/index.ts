/**
 * `drive`: runs a session over a message port, a WebSocket or a pair of streams. docs/library.md has the
 * few messages that both sides exchange beside frames.
 */

export { type DriveInit, type DriveResult, drive, type Found } from './drive.ts';
export type { DrivePort, MessagePortLike, PortEvent, SocketLike, StreamPair } from './ports.ts';
