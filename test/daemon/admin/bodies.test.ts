import assert from 'node:assert/strict';
import { EventEmitter } from 'node:events';
import type { IncomingMessage } from 'node:http';
import { describe, it } from 'node:test';
import { BodyDeadlines } from '../../../src/daemon/admin/testing.ts';
import { VirtualClock } from '../../support/clock.ts';

describe('BodyDeadlines', () => {
  it('ends each request whose body is late at its own time, time after time', async () => {
    const { clock, deadlines, late } = watching();
    for (const name of ['a', 'b']) {
      const begin = clock.monotonic();
      deadlines.add(request(`${name}1`));
      await clock.advance(600);
      deadlines.add(request(`${name}2`));
      await clock.advance(399);
      assert.deepEqual(late.splice(0), []);
      await clock.advance(1);
      assert.deepEqual(late.splice(0), [`${name}1 ${begin + 1_000}`]);
      await clock.advance(599);
      assert.deepEqual(late.splice(0), []);
      await clock.advance(1);
      assert.deepEqual(late.splice(0), [`${name}2 ${begin + 1_600}`]);
    }
  });

  it('leaves requests that are over, or whose body is there', async () => {
    const { clock, deadlines, late } = watching();
    const over = request('over', { closed: true });
    deadlines.add(over);
    deadlines.add(request('complete', { complete: true }));
    deadlines.add(request('late'));
    deadlines.answered(over);
    await clock.advance(1_000);
    assert.deepEqual(late, ['late 1000']);
  });

  it('bounds the bodies of answered requests too, until their connection ends', async () => {
    const { clock, deadlines, late } = watching();
    const [unread, gone] = [request('unread'), request('gone')];
    for (const one of [unread, gone]) {
      deadlines.add(one);
      deadlines.answered(one);
    }
    gone.socket.emit('close');
    assert.equal(gone.socket.listenerCount('close'), 0);
    await clock.advance(1_000);
    assert.deepEqual(late, ['unread 1000']);
    unread.emit('close');
    assert.equal(unread.socket.listenerCount('close'), 0);
  });

  it('leaves no timer behind', async () => {
    const { clock, deadlines, late } = watching();
    deadlines.add(request('stopped'));
    deadlines.stop();
    assert.equal(clock.pending, 0);
    await clock.advance(2_000);
    assert.deepEqual(late, []);
  });
});

function watching() {
  const clock = new VirtualClock();
  const late: string[] = [];
  const deadlines = new BodyDeadlines({
    clock,
    bodyMs: 1_000,
    late: ({ url }) => void late.push(`${url} ${clock.monotonic()}`),
  });
  return { clock, deadlines, late };
}

function request(
  url: string,
  { complete = false, closed = false }: { complete?: boolean; closed?: boolean } = {},
): IncomingMessage {
  const socket = new EventEmitter();
  return Object.assign(new EventEmitter(), { url, complete, closed, socket }) as never;
}
