import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';

/** A TCP port that leads to another one, which may change, and that a test cuts or slows. */
export class Line {
  /** Milliseconds that bytes take, each way. */
  delayMs = 0;
  readonly #target: () => number | null;
  readonly #sockets = new Set<Socket>();
  readonly #server: Server;
  #cut = false;

  /** `target`: the port behind it at the moment, on this machine; null: there is none. */
  constructor(target: () => number | null) {
    this.#target = target;
    this.#server = createServer((socket) => this.#accept(socket));
  }

  async listen(): Promise<void> {
    this.#server.listen(0, '127.0.0.1');
    await once(this.#server, 'listening');
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  /** Ends all connections, and takes none until it is healed. */
  cut(): void {
    this.#cut = true;
    for (const socket of this.#sockets) socket.destroy();
  }

  heal(): void {
    this.#cut = false;
    this.delayMs = 0;
  }

  async close(): Promise<void> {
    this.cut();
    this.#server.close();
    await once(this.#server, 'close');
  }

  #accept(near: Socket): void {
    const port = this.#target();
    if (this.#cut || port === null) {
      near.on('error', () => {}).destroy();
      return;
    }
    const far = connect(port, '127.0.0.1');
    this.#carry(near, far);
    this.#carry(far, near);
  }

  /** What waits for its time counts as written: a sender that is faster than the line waits too. */
  #carry(from: Socket, to: Socket): void {
    let due = 0;
    this.#sockets.add(from);
    from.setNoDelay(true);
    from.on('data', (bytes) => {
      due = Math.max(due, performance.now() + this.delayMs);
      const waitMs = due - performance.now();
      if (waitMs < 1) return void this.#write(from, to, bytes);
      from.pause();
      setTimeout(() => {
        from.resume();
        this.#write(from, to, bytes);
      }, waitMs);
    });
    from.on('error', () => to.destroy());
    from.on('end', () => to.end());
    from.on('close', () => {
      this.#sockets.delete(from);
      to.destroy();
    });
  }

  #write(from: Socket, to: Socket, bytes: Uint8Array): void {
    if (to.destroyed || to.write(bytes)) return;
    from.pause();
    to.once('drain', () => from.resume());
  }
}
