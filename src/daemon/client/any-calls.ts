import { ClientError } from './errors.ts';
import {
  type AdminClientInit,
  bytesOf,
  type FetchedAnswer,
  type Request,
  send,
} from './request.ts';
import { chunksOf, lines, parseJson } from './streams.ts';

/** Calls of the admin endpoint of one daemon by what their answers are, also of a later version. */
export class AnyCalls {
  readonly #init: AdminClientInit;

  constructor(init: AdminClientInit) {
    this.#init = init;
  }

  /** Any call whose answer is JSON, also of a later version. */
  async json<T>(request: Request): Promise<T> {
    return parseJson(await this.text(request));
  }

  /** Any call whose answer is text. */
  async text(request: Request): Promise<string> {
    const answer = await this.answer(request);
    return new TextDecoder().decode(await bytesOf(answer));
  }

  /** Any call whose answer is bytes, as they come. */
  async *bytes(request: Request): AsyncGenerator<Uint8Array> {
    const { body } = await this.answer(request);
    if (body !== null) yield* chunksOf(body);
  }

  /** Any call whose answer is NDJSON, with the longest line taken. */
  async *lines<T>(request: Request, maxLineBytes?: number): AsyncGenerator<T> {
    const { body } = await this.answer(request);
    if (body !== null) yield* lines<T>(body, maxLineBytes);
  }

  /** Throws `ANSWER_CUT` where the trailer is missing. */
  protected async *toTrailer<T extends object>(request: Request): AsyncGenerator<T> {
    let isWhole = false;
    for await (const line of this.lines<T>(request)) {
      isWhole = 'trailer' in line || ('error' in line && !('line' in line));
      yield line;
    }
    if (isWhole) return;
    const message = 'the answer was cut before its trailer: call again';
    throw new ClientError(200, 'ANSWER_CUT', message);
  }

  protected answer(request: Request): Promise<FetchedAnswer> {
    return send(this.#init, request);
  }
}

/** An argument as a part of a path. */
export function inPath(text: string): string {
  return encodeURIComponent(text);
}
