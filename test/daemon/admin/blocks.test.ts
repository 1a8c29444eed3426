import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { inBlocks } from '../../../src/daemon/admin/testing.ts';
import { concatBytes } from '../../../src/store/index.ts';
import { assertProperty } from '../../support/property.ts';

const KIB = 1024;

/** Pieces of so many KiB, each with bytes of its own. */
async function* piecesOf(sizes: readonly number[]): AsyncGenerator<Uint8Array> {
  for (const [at, size] of sizes.entries()) yield pieceOf(at, size);
}

function pieceOf(at: number, size: number): Uint8Array {
  return new Uint8Array(size * KIB).fill(at % 251);
}

/** A client that leaves as many blocks waiting as it is told. */
async function send(sizes: readonly number[], waitingBlocks: readonly number[]) {
  const waiting: Uint8Array[] = [];
  const sent: Uint8Array[] = [];
  const memories = new Set<ArrayBufferLike>();
  const unsent = () => waiting.reduce((sum, { length }) => sum + length, 0);
  const take = (left: number) => {
    while (waiting.length > left) sent.push(new Uint8Array(waiting.shift()!));
  };
  let turn = 0;
  for await (const block of inBlocks(piecesOf(sizes), unsent)) {
    memories.add(block.buffer);
    waiting.push(block);
    take(waitingBlocks[turn++ % waitingBlocks.length]!);
  }
  take(0);
  return { sent: concatBytes(...sent), memories: memories.size };
}

describe('the blocks of a stream of items', () => {
  it('are not filled again before they are sent, however slow the client is', async () => {
    const sizes = fc.array(fc.integer({ min: 1, max: 256 }), { minLength: 8, maxLength: 40 });
    const waiting = fc.array(fc.integer({ min: 0, max: 3 }), { minLength: 1, maxLength: 5 });
    await assertProperty(
      fc.asyncProperty(sizes, waiting, async (kib, blocks) => {
        const { sent } = await send(kib, blocks);
        const expected = concatBytes(...kib.map((size, at) => pieceOf(at, size)));
        assert.equal(Buffer.compare(sent, expected), 0);
      }),
      { numRuns: 30 },
    );
  });

  it('take no more memory than those that wait, and the next', async () => {
    const sizes = Array.from({ length: 100 }, () => 100);
    assert.equal((await send(sizes, [0])).memories, 1);
    assert.equal((await send(sizes, [2])).memories, 3);
  });
});
