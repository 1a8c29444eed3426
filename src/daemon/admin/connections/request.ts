import { IncomingMessage } from 'node:http';

/** Takes a body as it comes. */
export interface BodyTaker {
  chunk(bytes: Uint8Array): void;
}

/** A request whose body can be taken without the stream that Node makes of it: that costs as much as a commit. */
export class AdminRequest extends IncomingMessage {
  /** Whether it asks for another protocol; Node sets it from the head. */
  declare upgrade: boolean;
  #taker: BodyTaker | null = null;

  giveBody(taker: BodyTaker): void {
    this.#taker = taker;
  }

  /** From now on the request is as Node makes it. A body that was taken counts as read. */
  returnBody(): void {
    this.#taker = null;
    if (this.complete) this.push(null);
  }

  /** Called by Node's parser with each piece of the body, and with null at its end. */
  override push(chunk: Uint8Array | null, encoding?: BufferEncoding): boolean {
    if (this.#taker === null) return super.push(chunk, encoding);
    if (chunk !== null) this.#taker.chunk(chunk);
    return true;
  }
}
