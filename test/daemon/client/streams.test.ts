import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { events, lines, type ServerSentEvent } from '../../../src/daemon/client/index.ts';

const ENCODER = new TextEncoder();

/** A web stream of the chunks; says whether it was cancelled. */
function streamOf(...chunks: string[]): { stream: ReadableStream<Uint8Array>; cancelled: boolean } {
  const shown = {
    cancelled: false,
    stream: new ReadableStream<Uint8Array>({
      pull(controller) {
        const chunk = chunks.shift();
        if (chunk === undefined) controller.close();
        else controller.enqueue(ENCODER.encode(chunk));
      },
      cancel() {
        shown.cancelled = true;
      },
    }),
  };
  return shown;
}

async function all<T>(values: AsyncIterable<T>): Promise<T[]> {
  const found: T[] = [];
  for await (const value of values) found.push(value);
  return found;
}

describe('lines', () => {
  it('are values, wherever the chunks end', async () => {
    const { stream } = streamOf('{"a"', ':1}\n\n[2', ']\r\n"ä"');
    assert.deepEqual(await all(lines(stream)), [{ a: 1 }, [2], 'ä']);
  });

  it('are taken up to the bound, and refused one byte past it', async () => {
    assert.deepEqual(await all(lines(streamOf('1234\n').stream, 4)), [1234]);
    await assert.rejects(all(lines(streamOf('12345\n').stream, 4)), { code: 'LINE_TOO_LONG' });
  });

  it('are refused where they are no JSON', async () => {
    await assert.rejects(all(lines(streamOf('<html>\n').stream)), { code: 'INVALID_ANSWER' });
  });

  it('cancel their stream when the loop is left', async () => {
    const endless = streamOf('1\n', '2\n', '3\n', '4\n');
    for await (const value of lines<number>(endless.stream)) if (value === 2) break;
    assert.equal(endless.cancelled, true);
  });
});

describe('events', () => {
  const read = (maxBytes: number, ...chunks: string[]): Promise<ServerSentEvent[]> =>
    all(events(streamOf(...chunks).stream, maxBytes));

  it('have a type, the id of the last event that had one, and their data', async () => {
    const found = await read(
      16,
      ...[': hello\n', 'event: item\nid: 7\ndata: {}\n\n', 'data:a\r\ndata: b\r\n\r\n'],
      ...['id\n\n', 'data\n\n', 'data: cut'],
    );
    assert.deepEqual(found, [
      { event: 'item', id: '7', data: '{}' },
      { event: 'message', id: '7', data: 'a\nb' },
      { event: 'message', id: '', data: '' },
    ]);
  });

  it('are refused past the bound, in a line or in all lines together', async () => {
    await assert.rejects(read(9, 'data:123456\n\n'), { code: 'LINE_TOO_LONG' });
    await assert.rejects(read(9, 'data:1234\ndata:1234\ndata:12\n\n'), { code: 'LINE_TOO_LONG' });
    assert.equal((await read(9, 'data:1234\ndata:1234\n\n')).length, 1);
  });
});
