import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { type Channel, ProtocolError, SessionStop } from '../../../../src/protocol/index.ts';
import type { Bytes } from '../../../../src/store/index.ts';
import { settle, VirtualClock } from '../../../support/clock.ts';
import { soon } from '../../../support/soon.ts';
import { DONE, frame, runOf, Scripted, STEP, setUp } from './carrier-harness.ts';

describe('SessionRun: the time for a frame', () => {
  const cases: [string, RegExp, Scripted][] = [
    ['the next one', /^the next frame/, new Scripted(STEP)],
    ['the end of the stream', /^the end of the stream/, new Scripted(DONE)],
    [
      'one that is not taken',
      /^taking a frame/,
      new Scripted({ ...STEP, frames: [new Uint8Array(500)] }),
    ],
    [
      'one that is not taken at the end',
      /^taking a frame/,
      new Scripted({ ...DONE, frames: [new Uint8Array(500)] }),
    ],
  ];
  for (const [what, says, session] of cases) {
    it(`ends at its limit, for ${what}`, async () => {
      const { clock, carry } = await setUp(session, {}, { receiveWindowBytes: 100 });
      const outcome = carry();
      await clock.advance(999);
      assert.equal(outcome.at, -1, 'it is waited for');
      await clock.advance(1);
      assert.equal(outcome.at, 1_000);
      assert.equal(outcome.error?.code, 'TIMEOUT');
      assert.match(outcome.error.message, says);
      assert.equal(clock.pending, 1, 'the reset on its way, and no timer');
    });
  }

  it('restarts with each frame', async () => {
    const { clock, peer, carry } = await setUp(new Scripted(STEP, STEP, STEP, DONE));
    const outcome = carry();
    for (let i = 0; i < 3; i++) {
      await clock.advance(900);
      await peer.send(frame(i));
    }
    await peer.close();
    await clock.advance(100);
    assert.deepEqual([outcome.error, outcome.at > 2_700], [null, true]);
    assert.equal(clock.pending, 0);
  });
});

describe('SessionRun: steps', () => {
  it('asks for the next frame of an output once the last was taken, and works without room', async () => {
    const session = new Scripted(
      { ...STEP, frames: [new Uint8Array(500)], pending: 'output' },
      { ...STEP, frames: [frame(2)], pending: 'work' },
      { ...STEP, pending: 'output' },
      DONE,
    );
    const { clock, peer, carry } = await setUp(session, {}, { receiveWindowBytes: 100 });
    const outcome = carry();
    await clock.advance(500);
    assert.deepEqual(session.calls, ['start'], 'the first frame is under way');
    assert.equal((await peer.receive())!.length, 500);
    await clock.advance(30);
    assert.deepEqual(session.calls, ['start', 'proceed true', 'proceed true', 'proceed true']);
    assert.deepEqual(await peer.receive(), frame(2));
    await peer.close();
    await clock.advance(30);
    assert.equal(outcome.error, null);
  });

  it('works on while a frame waits, and tells the session that there is no room', async () => {
    const session = new Scripted(
      { ...STEP, frames: [new Uint8Array(500)], pending: 'work' },
      { ...STEP, pending: 'output' },
      DONE,
    );
    const { clock, peer, carry } = await setUp(session, {}, { receiveWindowBytes: 100 });
    carry();
    await clock.advance(500);
    assert.deepEqual(session.calls, ['start', 'proceed false']);
    await peer.receive();
    await clock.advance(30);
    assert.deepEqual(session.calls, ['start', 'proceed false', 'proceed true']);
  });

  it('does no work once it is called off', async () => {
    const session = new Scripted({ ...STEP, pending: 'work' }, { ...STEP, pending: 'work' }, DONE);
    const clock = new VirtualClock();
    const abort = (): void => {};
    const run = runOf(session, { channel: { abort } as unknown as Channel, clock });
    const proceed = session.proceed.bind(session);
    session.proceed = (room) => {
      run.abort(new ProtocolError('STREAM_FAILED', 'the peer disconnected'));
      return proceed(room);
    };
    const ended = run.run();
    await clock.advance(100);
    assert.equal((await ended).error?.code, 'STREAM_FAILED');
    assert.deepEqual(session.calls, ['start', 'proceed true']);
  });

  it('reads frames while it sends, and reports ids as they are learnt', async () => {
    const ids = [new Uint8Array(32), new Uint8Array(32)];
    const session = new Scripted(
      { ...STEP, frames: [new Uint8Array(500)] },
      { ...STEP, missing: ids },
      { ...STEP, missing: ids.slice(1) },
      DONE,
    );
    session.role = 'responder';
    const { clock, peer, carry, rounds, learnt } = await setUp(
      session,
      {},
      { receiveWindowBytes: 100 },
    );
    const outcome = carry();
    await peer.send(frame(7));
    await clock.advance(10);
    assert.deepEqual(session.calls, ['start', 'receive 7'], 'the frame that chose the session');
    await peer.send(frame(8));
    await clock.advance(100);
    assert.deepEqual(session.calls.slice(2), ['receive 8'], 'though ours is not taken');
    await peer.receive();
    await peer.send(frame(9));
    await peer.close();
    await clock.advance(100);
    assert.deepEqual([rounds(), learnt, outcome.error], [3, [2, 1], null]);
  });
});

describe('SessionRun: the end', () => {
  it('succeeds, if the peer closes, where the session may end, and fails elsewhere', async () => {
    for (const mayEnd of [true, false]) {
      const { clock, peer, carry, channel } = await setUp(new Scripted({ ...STEP, mayEnd }));
      const outcome = carry();
      await peer.close();
      await clock.advance(100);
      if (mayEnd) {
        assert.deepEqual([outcome.error, outcome.at > 0], [null, true]);
        assert.equal(await soon(clock, 'our side is closed', peer.receive()), null);
      } else assert.equal(outcome.error?.code, 'STREAM_CLOSED');
      channel.abort(new ProtocolError('ABORTED', 'the test is over'));
    }
  });

  it('is an error too if the peer closes while we send', async () => {
    const session = new Scripted({ ...STEP, frames: [new Uint8Array(500)] });
    const { clock, peer, carry } = await setUp(session, {}, { receiveWindowBytes: 100 });
    const outcome = carry();
    await peer.close();
    await clock.advance(100);
    assert.equal(outcome.error?.code, 'STREAM_CLOSED');
  });

  it('waits until its frames are taken, and then keeps the channel', async () => {
    let kept = 0;
    const session = new Scripted({ ...DONE, frames: [new Uint8Array(500)] });
    const { clock, peer, carry } = await setUp(
      session,
      { keep: () => kept++ },
      { receiveWindowBytes: 100 },
    );
    const outcome = carry();
    await clock.advance(500);
    assert.deepEqual([kept, outcome.at], [0, -1], 'the last frame is not taken');
    await peer.receive();
    await clock.advance(50);
    assert.deepEqual([kept, outcome.error], [1, null]);
    await peer.send(frame(1));
    await clock.advance(50);
    assert.equal(peer.sentBytes, 2, 'the channel is open');
  });

  it('keeps no channel of a session that fails', async () => {
    let kept = 0;
    const broken = new ProtocolError('MALFORMED_FRAME', 'no such frame');
    const { clock, peer, carry } = await setUp(new Scripted(STEP, broken), { keep: () => kept++ });
    const outcome = carry();
    await peer.send(frame(1));
    await clock.advance(100);
    assert.deepEqual([outcome.error, kept], [{ code: broken.code, message: broken.message }, 0]);
  });
});

const REASON = { code: 'BUDGET_SPENT', message: 'all is spent' };

describe('SessionRun: a session that says why it ends', () => {
  const stop = (parting: Bytes | null) =>
    new SessionStop(new ProtocolError('BUDGET_SPENT', REASON.message), { parting, from: null });

  it('waits until the peer has heard it, and reads on meanwhile', async () => {
    const session = new Scripted({ ...STEP, frames: [frame(1)] }, stop(frame(99)));
    session.role = 'responder';
    const { clock, peer, carry } = await setUp(session);
    const outcome = carry();
    await peer.send(frame(5));
    await peer.send(frame(6));
    await clock.advance(50);
    assert.deepEqual([await peer.receive(), await peer.receive()], [frame(1), frame(99)]);
    assert.equal(await peer.receive(), null, 'our side is closed behind it');
    assert.equal(outcome.at, -1, 'the peer has not closed');
    await peer.send(frame(7));
    await peer.close();
    await clock.advance(50);
    assert.deepEqual(outcome.error, REASON);
  });

  it('waits up to its limit, and then fails with the reason', async () => {
    const { clock, carry } = await setUp(new Scripted(stop(frame(99))));
    const outcome = carry();
    await clock.advance(1_999);
    assert.equal(outcome.at, -1);
    await clock.advance(1);
    assert.deepEqual([outcome.error, outcome.at], [REASON, 2_000]);
  });

  it('reads a bounded number of bytes more from a peer that continues', async () => {
    const bound = 4 * 1024 * 1024;
    const prefix = 4;
    for (const [bytes, over] of [
      [bound - prefix - 1, false],
      [bound - prefix, true],
    ] as const) {
      const { clock, peer, carry } = await setUp(new Scripted(stop(frame(99))));
      const outcome = carry();
      await clock.advance(50);
      const sent = peer.send(new Uint8Array(bytes));
      await clock.advance(50);
      await sent;
      assert.equal(outcome.at > 0, over, `${bytes} bytes and a prefix`);
    }
  });

  it('sends no reason where the peer stopped the session', async () => {
    const { clock, peer, carry } = await setUp(new Scripted(stop(null)));
    const outcome = carry();
    await settle();
    assert.deepEqual(outcome.error, REASON);
    await clock.advance(100);
    assert.equal(peer.receivedBytes, 0);
  });
});
