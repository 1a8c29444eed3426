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
export class LineSplitter {
  readonly #maxBytes: number;
  #parts: Uint8Array[] = [];
  #length = 0;
  #number = 0;

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  /** Bytes of the line that has not ended yet. */
  get length(): number {
    return this.#length;
  }

  /** The lines that end in this chunk. */
  push(chunk: Uint8Array): TextLine[] {
    const lines: TextLine[] = [];
    let start = 0;
    for (let end = chunk.indexOf(NEWLINE); end >= 0; end = chunk.indexOf(NEWLINE, start)) {
      this.#add(chunk.subarray(start, end));
      lines.push(this.#take());
      start = end + 1;
    }
    if (start < chunk.length) this.#add(chunk.subarray(start));
    return lines;
  }

  /** The last line, if it has no end of its own. */
  end(): TextLine[] {
    return this.#length > 0 ? [this.#take()] : [];
  }

  #add(part: Uint8Array): void {
    this.#length += part.length;
    if (this.#fits()) this.#parts.push(part);
    else this.#parts = [];
  }

  #take(): TextLine {
    const [only = new Uint8Array()] = this.#parts;
    const whole = this.#parts.length > 1 ? joined(this.#parts, this.#length) : only;
    const line = whole.at(-1) === RETURN ? whole.subarray(0, -1) : whole;
    const fits = this.#fits() && line.length <= this.#maxBytes;
    this.#parts = [];
    this.#length = 0;
    return { number: ++this.#number, bytes: fits ? line : null };
  }

  /** One byte more than allowed may be the return of a line that ends in CR LF. */
  #fits(): boolean {
    return this.#length <= this.#maxBytes + 1;
  }
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
