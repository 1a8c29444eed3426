/** A line of a text. */
export interface TextLine {
  /** From 1. */
  readonly number: number;
  /** Without its end; null when it is longer than allowed. */
  readonly bytes: Uint8Array | null;
}

const NEWLINE = 0x0a;
const RETURN = 0x0d;

/** Splits a stream at newlines, holding no more than one line of `maxBytes`. */
export async function* readLines(
  chunks: AsyncIterable<Uint8Array>,
  maxBytes: number,
): AsyncGenerator<TextLine> {
  let parts: Uint8Array[] = [];
  let length = 0;
  let number = 0;
  // One byte more than allowed may be the return of a line that ends in CR LF.
  const fits = () => length <= maxBytes + 1;
  const add = (part: Uint8Array) => {
    length += part.length;
    if (fits()) parts.push(part);
    else parts = [];
  };
  const take = (): TextLine => {
    const whole = fits() ? joined(parts, length) : null;
    const line = whole?.at(-1) === RETURN ? whole.subarray(0, -1) : whole;
    parts = [];
    length = 0;
    return { number: ++number, bytes: line !== null && line.length <= maxBytes ? line : null };
  };
  for await (const chunk of chunks) {
    let start = 0;
    for (let end = chunk.indexOf(NEWLINE); end >= 0; end = chunk.indexOf(NEWLINE, start)) {
      add(chunk.subarray(start, end));
      yield take();
      start = end + 1;
    }
    add(chunk.subarray(start));
  }
  if (length > 0) yield take();
}

function joined(parts: readonly Uint8Array[], length: number): Uint8Array {
  const bytes = new Uint8Array(length);
  let at = 0;
  for (const part of parts) {
    bytes.set(part, at);
    at += part.length;
  }
  return bytes;
}
