import { Readable } from 'node:stream';
import type { FastifyReply } from 'fastify';
import { type BulkFormat, SPEAKERS } from '../../bulk/index.ts';
import type { HoldMemory } from '../../node-api.ts';
import type { HandlerParts } from '../operation.ts';
import { type WrittenItems, writeItems } from './item-stream.ts';

/** Memory of a stream of items: a page of payloads, and the block that is written. */
const STREAM_BYTES = 2 * 1024 * 1024;

/** An answer that is a stream of items, and the memory that it has. */
export class StreamedItems {
  readonly #reply: FastifyReply;
  #taken = 0;
  #waits = false;

  private constructor(reply: FastifyReply) {
    this.#reply = reply;
  }

  /** Resolves once there is memory for it, and for `more` bytes beside. */
  static async begin(
    reply: FastifyReply,
    { reads }: HandlerParts,
    more = 0,
  ): Promise<StreamedItems> {
    const answer = new StreamedItems(reply);
    // A client cannot read while its answer waits for memory, and is not slow then.
    const progress = () => (answer.#waits ? Number.POSITIVE_INFINITY : answer.#progress());
    await reads.hold(reply, STREAM_BYTES + more, progress);
    return answer;
  }

  /** Memory for its long items, each while it is written. */
  memory({ answers }: HandlerParts): HoldMemory {
    return async (bytes) => {
      this.#waits = true;
      try {
        return await answers.hold(this.#reply, bytes, () => this.#progress());
      } finally {
        this.#waits = false;
      }
    };
  }

  send(format: BulkFormat, items: Omit<WrittenItems, 'speaker' | 'unsent'>): FastifyReply {
    const speaker = SPEAKERS[format];
    const { raw } = this.#reply;
    const unsent = (): number => bytes.readableLength + raw.writableLength;
    const blocks = this.#counted(writeItems({ ...items, speaker, unsent }));
    const bytes = Readable.from(blocks, { objectMode: false });
    return this.#reply.type(speaker.mediaType).send(bytes);
  }

  async *#counted(blocks: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
    for await (const block of blocks) {
      yield block;
      this.#taken += block.length;
    }
  }

  /** Bytes that the client has sent and taken. */
  #progress(): number {
    return this.#reply.request.raw.socket.bytesRead + this.#taken;
  }
}
