import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import type { TestContext } from 'node:test';
import { cleanUp } from '../../support/clean-up.ts';
import { within } from '../../support/within.ts';
import { TOKEN } from './running-admin.ts';

/** A connection that sends the text, and may be left alone. */
export async function dial(context: TestContext, url: string, text = ''): Promise<Socket> {
  const socket = connect(Number(new URL(url).port), '127.0.0.1');
  cleanUp(context, () => socket.destroy());
  socket.on('error', () => undefined);
  await within(once(socket, 'connect'), 'a connection');
  if (text !== '') socket.write(text);
  return socket;
}

/** Resolves when the other side has closed it. */
export async function closed(socket: Socket): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  // With an error too: what was not read then makes the end a reset.
  socket.once('close', () => resolve()).resume();
  await within(promise, 'the end of a connection');
}

/** A request without a body, by a client that may write. */
export function request(method: 'GET' | 'POST', path: string): string {
  const headers = ['Host: localhost', `Authorization: Bearer ${TOKEN}`, 'Content-Length: 0'];
  return [`${method} ${path} HTTP/1.1`, ...headers, '', ''].join('\r\n');
}
