import { LineSplitter, type TextLine } from '../line-splitter.ts';

export type { TextLine } from '../line-splitter.ts';

/** Splits a stream at newlines, holding no more than one line of `maxBytes`. */
export async function* readLines(
  chunks: AsyncIterable<Uint8Array>,
  maxBytes: number,
): AsyncGenerator<TextLine> {
  const splitter = new LineSplitter(maxBytes);
  for await (const chunk of chunks) yield* splitter.push(chunk);
  yield* splitter.end();
}
