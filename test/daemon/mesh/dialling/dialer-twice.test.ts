import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { settle } from '../../../support/clock.ts';
import { A, B, ONE, SELF, setUp, TWO } from './fake-dial.ts';

const NO_JITTER = { jitter: 0, baseMs: 500, maxMs: 60_000 };

describe('Dialer, repeatedly', () => {
  it('dials the other address of a peer when a dial to the first hangs', async () => {
    const { clock, dial, dialer } = setUp({ ...NO_JITTER, timeoutMs: 2_000 });
    dialer.add(`${ONE}/p2p/${A}`);
    dialer.add(`${TWO}/p2p/${A}`);
    dial.there.set(`${TWO}/p2p/${A}`, A);
    dial.hang = true;
    dialer.start();
    await clock.advance(500);
    dial.hang = false;
    assert.equal(dial.dialled.length, 1, 'one at a time');
    assert.ok(dialer.addresses[1]!.nextAttemptAt! > clock.now(), 'the other waits for its turn');
    await clock.advance(4_000);
    assert.ok(dialer.addresses.every(({ connected }) => connected));
    assert.equal(clock.pending, 0);
  });

  it('dials addresses side by side when it does not know whose they are', async () => {
    const { clock, dial, dialer } = setUp({ ...NO_JITTER, timeoutMs: 10_000 });
    dial.hang = true;
    dialer.add(ONE);
    dialer.add(TWO);
    dialer.start();
    await clock.advance(500);
    assert.deepEqual(dial.dialled, [ONE, TWO]);
  });

  it('returns to short pauses once a connection has lasted, and not a moment earlier', async () => {
    for (const [lastedMs, pauseMs] of [
      [9_999, 4_000],
      [10_000, 500],
    ] as const) {
      const { clock, dial, dialer } = setUp({ ...NO_JITTER, stableMs: 10_000 });
      dialer.add(ONE);
      dialer.start();
      await clock.advance(500 + 500 + 1_000);
      dial.there.set(ONE, A);
      await clock.advance(2_000);
      assert.equal(dialer.addresses[0]!.connected, true);
      await clock.advance(lastedMs);
      dial.disconnect(A);
      assert.equal(dialer.addresses[0]!.nextAttemptAt, clock.now() + pauseMs, `${lastedMs} ms`);
    }
  });

  it('counts how long a connection lasted from its own beginning', async () => {
    const { clock, dial, dialer } = setUp({ ...NO_JITTER, stableMs: 10_000 });
    dial.there.set(ONE, A);
    dialer.add(ONE);
    dialer.start();
    await clock.advance(500);
    for (const pauseMs of [500, 1_000, 2_000]) {
      await clock.advance(6_000);
      dial.disconnect(A);
      assert.equal(dialer.addresses[0]!.nextAttemptAt, clock.now() + pauseMs);
      await clock.advance(pauseMs);
    }
  });

  it('backs off from an address whose peer is gone when the dial ends', async () => {
    const { clock, dial, dialer } = setUp(NO_JITTER);
    dial.there.set(ONE, A);
    dial.connect = () => undefined;
    dialer.add(ONE);
    dialer.start();
    await clock.advance(500);
    for (const pauseMs of [500, 1_000, 2_000]) {
      assert.equal(dialer.addresses[0]!.nextAttemptAt, clock.now() + pauseMs);
      await clock.advance(pauseMs);
    }
    assert.equal(dial.dialled.length, 4);
  });

  it('ignores a failed dial when the peer has connected by itself', async () => {
    const { clock, dial, dialer, log } = setUp({ ...NO_JITTER, timeoutMs: 1_000 });
    dialer.add(`${ONE}/p2p/${A}`);
    dial.hang = true;
    dialer.start();
    await clock.advance(500);
    dial.connect(A);
    await clock.advance(1_000);
    const [state] = dialer.addresses;
    assert.deepEqual(
      [state!.connected, state!.lastError, state!.nextAttemptAt],
      [true, null, null],
    );
    assert.deepEqual([clock.pending, log.with('DIAL_FAILED')], [0, []]);
  });

  it('dials once more, not twice, for a peer that goes while it is dialled', async () => {
    const { clock, dial, dialer } = setUp({ ...NO_JITTER, timeoutMs: 1_000 });
    dialer.add(`${ONE}/p2p/${A}`);
    dial.hang = true;
    dialer.start();
    await clock.advance(500);
    dial.connect(A);
    dial.disconnect(A);
    dial.disconnect(B);
    assert.equal(clock.pending, 1, 'the limit of the dial under way alone');
    await clock.advance(1_000);
    assert.equal(clock.pending, 1, 'the next dial alone');
  });

  it('starts once, and not after it has stopped', async () => {
    const { clock, dial, dialer } = setUp(NO_JITTER);
    dialer.add(ONE);
    for (let i = 0; i < 2; i++) dialer.start();
    assert.equal(clock.pending, 1);
    dialer.stop();
    dialer.start();
    dialer.add(TWO);
    dial.connect(A);
    dial.disconnect(A);
    await clock.advance(60_000);
    assert.deepEqual([clock.pending, dial.dialled], [0, []]);
  });

  it('dials no address before it starts, and a later address at once', async () => {
    const { clock, dial, dialer } = setUp(NO_JITTER);
    dialer.add(ONE);
    await clock.advance(60_000);
    assert.deepEqual(dial.dialled, []);
    dialer.start();
    dialer.add(TWO);
    await clock.advance(1);
    assert.deepEqual(dial.dialled, [TWO]);
    await clock.advance(499);
    assert.deepEqual(dial.dialled.slice(0, 2).sort(), [ONE, TWO]);
  });

  it('knows the peers that it keeps, and the latest caller for an address', async () => {
    const { dialer, dial } = setUp(NO_JITTER);
    dial.there.set(`${ONE}/p2p/${A}`, A);
    dialer.add(`${ONE}/p2p/${A}`);
    assert.deepEqual([dialer.keeps(A), dialer.keeps(B)], [true, false]);
    assert.equal(dialer.addresses[0]!.source, 'config');
    await dialer.dial(`${ONE}/p2p/${A}`);
    assert.deepEqual(
      dialer.addresses.map(({ source }) => source),
      ['runtime'],
    );
    dialer.remove(`${ONE}/p2p/${A}`);
    assert.equal(dialer.keeps(A), false);
  });

  it('dials soon after each cut of a connection that brought something', async () => {
    const { clock, dial, dialer } = setUp(NO_JITTER);
    dial.there.set(ONE, A);
    dial.useful.add(A);
    dialer.add(ONE);
    dialer.start();
    await clock.advance(500);
    for (let cut = 0; cut < 8; cut++) {
      await clock.advance(1_000);
      dial.disconnect(A);
      await clock.advance(500);
      assert.equal(dialer.addresses[0]!.connected, true, `after cut ${cut}`);
    }
  });

  it('keeps an address that led to a peer and leads to this node now', async () => {
    const { clock, dial, dialer } = setUp({ ...NO_JITTER, selfMs: 30_000 });
    dialer.start();
    dial.there.set(ONE, A);
    await dialer.dial(ONE);
    dial.there.set(ONE, SELF);
    dial.disconnect(A);
    await assert.rejects(dialer.dial(ONE), { code: 'INVALID_ADDRESS' });
    const [kept] = dialer.addresses;
    assert.deepEqual([kept!.peerId, kept!.lastError!.code], [null, 'OWN_ADDRESS']);
    dial.there.set(ONE, B);
    await clock.advance(30_000);
    assert.deepEqual([dialer.addresses[0]!.peerId, dialer.addresses[0]!.lastError], [B, null]);
  });

  it('reports a new address that leads to this node, and drops it', async () => {
    const { dial, dialer } = setUp(NO_JITTER);
    dial.there.set(ONE, SELF);
    for (let round = 0; round < 2; round++) {
      await assert.rejects(dialer.dial(ONE), { code: 'INVALID_ADDRESS' });
      assert.deepEqual(dialer.addresses, []);
    }
  });

  it('accepts an address again that was removed during its dial', async () => {
    const { clock, dial, dialer } = setUp({ ...NO_JITTER, timeoutMs: 5_000 });
    dialer.start();
    dial.hang = true;
    dialer.add(ONE);
    await clock.advance(1);
    dialer.remove(ONE);
    dialer.remove(ONE);
    await settle();
    assert.equal(clock.pending, 0, 'the limit of that dial is called off');
    dial.hang = false;
    dial.there.set(ONE, A);
    dialer.add(ONE);
    await clock.advance(1);
    assert.equal(dialer.addresses[0]!.connected, true);
  });
});
