/** Bytes that are given out at once. */
const BLOCK_BYTES = 256 * 1024;

/** A block that was given out. */
interface GivenBlock {
  readonly block: Buffer<ArrayBuffer>;
  readonly length: number;
}

/**
 * Gathers pieces in blocks: a piece that waits would keep the memory of its whole payload. A block is filled again
 * once it is sent, since V8 lets some 50 MB of used blocks gather before it looks for them.
 *
 * @param unsent Bytes that the client has not taken, at least those of blocks. The newest blocks have them.
 */
export async function* inBlocks(
  pieces: AsyncIterable<Uint8Array>,
  unsent: () => number,
): AsyncGenerator<Uint8Array> {
  const given: GivenBlock[] = [];
  let block = Buffer.allocUnsafeSlow(BLOCK_BYTES);
  let length = 0;
  for await (const piece of pieces) {
    if (length + piece.length > BLOCK_BYTES) {
      given.push({ block, length });
      yield block.subarray(0, length);
      block = sentOf(given, unsent()) ?? Buffer.allocUnsafeSlow(BLOCK_BYTES);
      length = 0;
    }
    block.set(piece, length);
    length += piece.length;
  }
  if (length > 0) yield block.subarray(0, length);
}

/** Takes the blocks that are sent from those given out, and returns one of them. */
function sentOf(given: GivenBlock[], unsentBytes: number): Buffer<ArrayBuffer> | undefined {
  let [sent, left] = [given.length, unsentBytes];
  while (sent > 0 && left > 0) left -= given[--sent]!.length;
  return given.splice(0, sent)[0]?.block;
}
