import { once } from 'node:events';
import { connect, type Socket } from 'node:net';

const END_OF_HEAD = '\r\n\r\n';

/** One request after the other on a connection, at the least cost for the process that measures. */
export class BareConnection {
  readonly #socket: Socket;
  #answered: ((status: number) => void) | null = null;
  #received: Buffer = Buffer.alloc(0);

  private constructor(socket: Socket) {
    this.#socket = socket;
    socket.setNoDelay(true);
    socket.on('data', (chunk: Buffer) => this.#take(chunk));
  }

  static async open(url: string): Promise<BareConnection> {
    const { hostname, port } = new URL(url);
    const socket = connect(Number(port), hostname);
    await once(socket, 'connect');
    return new BareConnection(socket);
  }

  /** Resolves with the status once the whole answer is here; it must say its length. */
  send(request: Uint8Array): Promise<number> {
    return new Promise((resolve) => {
      this.#answered = resolve;
      this.#socket.write(request);
    });
  }

  close(): void {
    this.#socket.destroy();
  }

  #take(chunk: Buffer): void {
    this.#received = this.#received.length === 0 ? chunk : Buffer.concat([this.#received, chunk]);
    const end = this.#received.indexOf(END_OF_HEAD);
    if (end < 0) return;
    const head = this.#received.toString('latin1', 0, end);
    const [, length = '0'] = /content-length: (\d+)/i.exec(head) ?? [];
    if (this.#received.length < end + END_OF_HEAD.length + Number(length)) return;
    this.#received = Buffer.alloc(0);
    this.#answered?.(Number(head.slice(9, 12)));
  }
}

/** The bytes of a request. */
export function requestBytes(
  method: string,
  path: string,
  token: string | null,
  body: Uint8Array = new Uint8Array(),
): Uint8Array {
  const lines = [`${method} ${path} HTTP/1.1`, 'Host: 127.0.0.1'];
  if (token !== null) lines.push(`Authorization: Bearer ${token}`);
  if (method === 'POST') {
    lines.push('Content-Type: application/octet-stream', `Content-Length: ${body.length}`);
  }
  return Buffer.concat([Buffer.from(`${lines.join('\r\n')}${END_OF_HEAD}`), body]);
}
