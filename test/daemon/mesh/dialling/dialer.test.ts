import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { AddressState } from '../../../../src/daemon/mesh/dialling/index.ts';
import { settle } from '../../../support/clock.ts';
import { A, B, ONE, SELF, setUp, TWO } from './fake-dial.ts';

describe('Dialer', () => {
  it('backs off twice as long each time, up to the cap', async () => {
    const { clock, dial, dialer } = setUp({ jitter: 0 });
    dialer.add(ONE);
    dialer.start();
    await clock.advance(400_000);
    assert.deepEqual(
      dial.pauses.slice(0, 9),
      [500, 1_000, 2_000, 4_000, 8_000, 16_000, 32_000, 60_000, 60_000],
    );
  });

  it('shortens a pause by the jitter at most', async () => {
    const { clock, dial, dialer } = setUp({ baseMs: 1_000, maxMs: 1_000, jitter: 0.5 });
    dialer.add(ONE);
    dialer.start();
    await clock.advance(300_000);
    assert.ok(dial.pauses.every((pause) => pause > 500 && pause <= 1_000));
    assert.ok(Math.max(...dial.pauses) - Math.min(...dial.pauses) > 400);
  });

  it('dials again after a connection is lost, soon when it had lasted', async () => {
    const { clock, dial, dialer } = setUp({ jitter: 0 });
    dial.there.set(ONE, A);
    dialer.add(ONE);
    dialer.start();
    await clock.advance(20_000);
    assert.equal(dial.dialled.length, 1);
    dial.disconnect(A);
    assert.equal(dialer.addresses[0]!.nextAttemptAt, clock.now() + 500);
    await clock.advance(500);
    assert.equal(dial.dialled.length, 2);
    assert.equal(dialer.addresses[0]!.connected, true);
  });

  it('backs off from a peer that accepts and hangs up again and again', async () => {
    const { clock, dial, dialer } = setUp({ jitter: 0 });
    dial.there.set(ONE, A);
    dialer.add(ONE);
    dialer.start();
    for (let i = 0; i < 100; i++) {
      await clock.advance(1_000);
      if (dial.connected(A)) dial.disconnect(A);
    }
    assert.ok(dial.dialled.length < 10, `${dial.dialled.length} dials`);
  });

  it('reports the state of each address', async () => {
    const { clock, dial, dialer } = setUp({ jitter: 0 });
    dialer.add(ONE);
    dialer.start();
    await clock.advance(500);
    const at = clock.now();
    await clock.advance(1);
    assert.deepEqual(dialer.addresses, [
      {
        address: ONE,
        source: 'config',
        peerId: null,
        connected: false,
        lastError: { code: 'DIAL_FAILED', message: `no node at ${ONE}`, at },
        nextAttemptAt: at + 500,
      },
    ]);
    dial.there.set(ONE, A);
    await clock.advance(500);
    assert.deepEqual(dialer.addresses, [
      {
        address: ONE,
        source: 'config',
        peerId: A,
        connected: true,
        lastError: null,
        nextAttemptAt: null,
      },
    ]);
  });

  it('dials one of two addresses of a peer', async () => {
    const { clock, dial, dialer } = setUp();
    const both = [`${ONE}/p2p/${A}`, `${TWO}/p2p/${A}`];
    for (const address of both) {
      dial.there.set(address, A);
      dialer.add(address);
    }
    dialer.start();
    await clock.advance(60_000);
    assert.equal(dial.dialled.length, 1);
    assert.ok(dialer.addresses.every(({ connected }) => connected));
    dial.disconnect(A);
    await clock.advance(60_000);
    assert.equal(dial.dialled.length, 2);
  });

  it('dials the other address when one fails', async () => {
    const { clock, dial, dialer } = setUp();
    dialer.add(`${ONE}/p2p/${A}`);
    dialer.add(`${TWO}/p2p/${A}`);
    dial.there.set(`${TWO}/p2p/${A}`, A);
    dialer.start();
    await clock.advance(5_000);
    assert.ok(dialer.addresses.every(({ connected }) => connected));
  });

  it('does not dial a peer that has connected by itself, until it goes', async () => {
    const { clock, dial, dialer } = setUp();
    dialer.add(`${ONE}/p2p/${A}`);
    dialer.start();
    dial.connect(A);
    await clock.advance(60_000);
    assert.deepEqual(dial.dialled, []);
    dial.disconnect(A);
    await clock.advance(500);
    assert.equal(dial.dialled.length, 1);
  });

  it('keeps an address once, however it is spelt', () => {
    const { dialer } = setUp();
    dialer.add('/ip6/2001:db8::1/tcp/4001');
    dialer.add('/ip6/2001:0db8:0:0::1/tcp/4001');
    assert.equal(dialer.addresses.length, 1);
  });

  it('dials an address that leads to this node again, slowly, and says so once', async () => {
    const { clock, dial, log, dialer } = setUp({ jitter: 0, selfMs: 30_000 });
    assert.throws(() => dialer.add(`${ONE}/p2p/${SELF}`), { code: 'INVALID_ADDRESS' });
    dialer.add(TWO);
    dial.there.set(TWO, SELF);
    dialer.start();
    await clock.advance(500 + 30_000);
    assert.deepEqual(dial.pauses, [30_000]);
    const [{ peerId, connected, lastError, nextAttemptAt }] = dialer.addresses as [AddressState];
    assert.deepEqual([peerId, connected, nextAttemptAt], [null, false, clock.now() + 30_000]);
    assert.equal(lastError!.code, 'OWN_ADDRESS');
    assert.equal(log.with('OWN_ADDRESS').length, 1);
    dial.there.set(TWO, A);
    await clock.advance(30_000);
    assert.deepEqual([dialer.addresses[0]!.peerId, dialer.addresses[0]!.lastError], [A, null]);
  });

  it('gives up a dial that takes too long', async () => {
    const { clock, dial, dialer } = setUp({ timeoutMs: 5_000, jitter: 0 });
    dial.hang = true;
    dialer.add(ONE);
    dialer.start();
    await clock.advance(5_501);
    assert.equal(dial.signals[0]!.aborted, true);
    assert.match(dialer.addresses[0]!.lastError!.message, /did not answer in time/);
    assert.equal(dialer.addresses[0]!.nextAttemptAt, 1_700_000_000_000 + 6_000);
  });

  it('aborts all dials at a stop', async () => {
    const { clock, dial, dialer } = setUp();
    dial.hang = true;
    dialer.start();
    const asked = assert.rejects(dialer.dial(ONE), { code: 'SHUTTING_DOWN' });
    dialer.add(TWO);
    await settle();
    dialer.stop();
    await asked;
    assert.equal(clock.pending, 0);
    assert.ok(dial.signals.every(({ aborted }) => aborted));
    await assert.rejects(dialer.dial(ONE), { code: 'SHUTTING_DOWN' });
    await clock.advance(60_000);
    assert.equal(dial.dialled.length, 1);
  });

  it('dials at once when asked, and keeps the address after a failure', async () => {
    const { clock, dial, dialer } = setUp();
    dialer.start();
    await assert.rejects(dialer.dial(ONE), {
      code: 'DIAL_FAILED',
      message: /stays wanted and is dialled again; "rangemesh peers remove" ends that/,
    });
    assert.equal(dialer.addresses[0]!.source, 'runtime');
    dial.there.set(ONE, A);
    assert.equal((await dialer.dial(ONE)).connected, true);
    assert.equal((await dialer.dial(ONE)).connected, true);
    assert.equal(dial.dialled.length, 2);
    assert.equal(clock.pending, 0);
  });

  it('dials once for simultaneous callers', async () => {
    const { dial, dialer } = setUp();
    dial.there.set(ONE, A);
    dialer.start();
    await Promise.all([dialer.dial(ONE), dialer.dial(ONE), dialer.dial(ONE)]);
    assert.equal(dial.dialled.length, 1);
  });

  it('bounds how many addresses it keeps', () => {
    const { dialer } = setUp({ maxAddresses: 4 });
    for (let i = 1; i <= 2; i++) dialer.add(`/ip4/192.0.2.${i}/tcp/1`);
    dialer.add('/dns4/a.example/tcp/1');
    dialer.add('/dns4/b.example/tcp/1');
    assert.throws(() => dialer.add('/dns4/c.example/tcp/1'), { code: 'TOO_MANY_ADDRESSES' });
    dialer.remove('/dns4/a.example/tcp/1');
    dialer.add('/dns4/c.example/tcp/1');
  });

  it('drops an address, and a dial to it', async () => {
    const { clock, dial, dialer } = setUp();
    dial.hang = true;
    dialer.start();
    dialer.add(ONE);
    await clock.advance(1);
    assert.deepEqual(dialer.remove(ONE), [ONE]);
    assert.deepEqual(dialer.remove(ONE), []);
    await clock.advance(60_000);
    assert.deepEqual([dial.signals[0]!.aborted, dial.dialled.length], [true, 1]);
    assert.throws(() => dialer.remove('nonsense'), { code: 'INVALID_ADDRESS' });
  });

  it('tells the waiting callers of a dial that the address was removed', async () => {
    const { dial, dialer } = setUp();
    dial.hang = true;
    dialer.start();
    const asked = assert.rejects(dialer.dial(ONE), { code: 'UNKNOWN_ADDRESS' });
    await settle();
    dialer.remove(ONE);
    await asked;
  });

  it('finds the address to remove with or without the peer id at its end', async () => {
    const { clock, dial, dialer } = setUp();
    dial.there.set(ONE, A);
    dialer.start();
    dialer.add(ONE);
    dialer.add(`${TWO}/p2p/${B}`);
    await clock.advance(1);
    assert.deepEqual(dialer.remove(`${ONE}/p2p/${B}`), []);
    assert.deepEqual(dialer.remove(`${ONE}/p2p/${A}`), [ONE]);
    assert.deepEqual(dialer.remove(TWO), [`${TWO}/p2p/${B}`]);
    assert.deepEqual(dialer.addresses, []);
  });

  it('forgets the addresses that name a peer, and its id at the others', async () => {
    const { clock, dial, dialer } = setUp();
    dial.there.set(ONE, A);
    dialer.start();
    dialer.add(ONE);
    dialer.add(`${TWO}/p2p/${A}`);
    dialer.add(`${ONE}/p2p/${B}`);
    await clock.advance(1);
    assert.deepEqual(dialer.forget(A), [`${TWO}/p2p/${A}`]);
    const left = dialer.addresses.map(({ address, peerId }) => [address, peerId]);
    assert.deepEqual(left, [
      [ONE, null],
      [`${ONE}/p2p/${B}`, B],
    ]);
    assert.deepEqual(dialer.forget(A), []);
  });

  it('shows a valid example in the error for an invalid address', async () => {
    const { dialer } = setUp();
    const wrong = [
      '',
      'localhost:4001',
      '/ip4/192.0.2.1',
      '/ip4/192.0.2.1/udp/4001',
      '/ip4/192.0.2.1/tcp/0',
      '/ip4/192.0.2.1/tcp/70000',
      '/ip4/192.0.2.1/tcp/4001/p2p/nobody',
      `/ip4/192.0.2.1/tcp/4001/p2p/${A}/p2p-circuit/p2p/${B}`,
    ];
    for (const address of wrong) {
      assert.throws(() => dialer.add(address), {
        code: 'INVALID_ADDRESS',
        message: /such as \/ip4\/192\.0\.2\.1\/tcp\/4001/,
      });
      await assert.rejects(dialer.dial(address), { code: 'INVALID_ADDRESS' });
    }
  });

  it('warns of a failure once, and again after a success', async () => {
    const { clock, dial, log, dialer } = setUp();
    dialer.add(ONE);
    dialer.start();
    await clock.advance(10 * 60_000);
    const warnings = () => log.lines.filter(({ level }) => level === 'warn').length;
    const repeats = log.lines.filter(
      ({ level, repeats }) => level === 'debug' && Number(repeats) > 0,
    );
    assert.equal(warnings(), 1);
    assert.ok(repeats.length >= 5 && repeats.length <= 10, `${repeats.length} repeats`);
    dial.there.set(ONE, A);
    await clock.advance(60_000);
    dial.there.delete(ONE);
    dial.disconnect(A);
    await clock.advance(60_000);
    assert.equal(warnings(), 2);
  });
});
