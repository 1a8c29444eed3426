import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Channel, Session, Step } from '../../../../src/protocol/index.ts';
import { VirtualClock } from '../../../support/clock.ts';
import { runOf } from './carrier-harness.ts';

const FRAME = Uint8Array.of(1);
const ANSWER = Uint8Array.of(2);

/** A session that has work to do once its first frame is taken, and then waits for an answer. */
function busySession(heard: Uint8Array[]): Session {
  const steps: Step[] = [
    { frames: [], missing: [], done: false, pending: 'work' },
    { frames: [], missing: [], done: false },
  ];
  return {
    role: 'initiator',
    equal: false,
    start: () => ({ frames: [FRAME], missing: [], done: false, pending: 'output' }),
    proceed: () => steps.shift()!,
    receive(frame) {
      heard.push(frame);
      return { frames: [], missing: [], done: true };
    },
  };
}

describe('SessionRun', () => {
  it('keeps a frame that comes while the session works', async () => {
    const clock = new VirtualClock();
    const taken = Promise.withResolvers<void>();
    const answer = Promise.withResolvers<Uint8Array | null>();
    const inbound = [answer.promise, Promise.resolve(null)];
    const channel: Partial<Channel> = {
      send: () => taken.promise,
      receive: () => inbound.shift()!,
      close: async () => {},
      abort: (error) => answer.reject(error),
    };
    const heard: Uint8Array[] = [];
    const run = runOf(busySession(heard), { channel: channel as Channel, clock });
    const ended = run.run();
    await clock.advance(0);
    taken.resolve();
    await Promise.resolve();
    answer.resolve(ANSWER);
    await clock.advance(1_500);
    assert.equal((await ended).error, null);
    assert.deepEqual(heard, [ANSWER]);
  });
});
