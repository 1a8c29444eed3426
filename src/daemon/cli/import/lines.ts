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
  const pending = new PendingLine(maxBytes);
  let number = 0;
  for await (const chunk of chunks) {
    let start = 0;
    for (let end = chunk.indexOf(NEWLINE); end >= 0; end = chunk.indexOf(NEWLINE, start)) {
      pending.add(chunk.subarray(start, end));
      yield { number: ++number, bytes: pending.take() };
      start = end + 1;
    }
    pending.add(chunk.subarray(start));
  }
  if (!pending.empty) yield { number: ++number, bytes: pending.take() };
}

class PendingLine {
  readonly #maxBytes: number;
  #parts: Uint8Array[] = [];
  #length = 0;

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  get empty(): boolean {
    return this.#length === 0;
  }

  add(part: Uint8Array): void {
    if (part.length === 0) return;
    this.#length += part.length;
    // One byte more than allowed may be the return of a line that ends in CR LF.
    if (this.#length <= this.#maxBytes + 1) this.#parts.push(part);
    else this.#parts = [];
  }

  take(): Uint8Array | null {
    const whole = this.#length <= this.#maxBytes + 1 ? Buffer.concat(this.#parts) : null;
    this.#parts = [];
    this.#length = 0;
    if (whole === null) return null;
    const line = whole.at(-1) === RETURN ? whole.subarray(0, -1) : whole;
    return line.length <= this.#maxBytes ? line : null;
  }
}
