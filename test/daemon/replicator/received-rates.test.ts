import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { ReceivedRates } from '../../../src/daemon/replicator/testing.ts';
import { VirtualClock } from '../../support/clock.ts';

const ORIGIN = { publisher: 'p', from: 'f' };

function rates(change: object = {}): { clock: VirtualClock; rates: ReceivedRates } {
  const clock = new VirtualClock();
  const limits = { publisherBytesPerSecond: 10, peerBytesPerSecond: 1_000, peerBytesPerDay: 0 };
  return { clock, rates: new ReceivedRates({ ...limits, ...change, clock }) };
}

describe('the rates of received items', () => {
  it('let a publisher push the bytes of four seconds at once, then those of each second', async () => {
    const { clock, rates: received } = rates();
    assert.equal(received.push(ORIGIN, 41), false);
    assert.equal(received.push(ORIGIN, 40), true);
    assert.equal(received.push(ORIGIN, 1), false);
    assert.equal(received.push({ publisher: 'q', from: 'f' }, 20), true, 'each has its own');
    await clock.advance(1_000);
    assert.equal(received.push(ORIGIN, 11), false);
    assert.equal(received.push(ORIGIN, 10), true);
  });

  it('bound the peer that passes items on, however many publishers it invents', () => {
    const { rates: received } = rates({ publisherBytesPerSecond: 100 });
    const taken = Array.from({ length: 10 }, (_, n) =>
      received.push({ publisher: `invented ${n}`, from: 'f' }, 300),
    );
    assert.deepEqual(taken.indexOf(false), 4);
    assert.equal(received.push({ publisher: 'p', from: 'g' }, 300), true, 'others are taken from');
  });

  it('make a peer wait for as long as it brought too much', async () => {
    const { clock, rates: received } = rates();
    received.charge('f', 3_000);
    assert.equal(received.debtMs('f'), 2_000);
    assert.equal(received.debtMs('g'), 0);
    assert.equal(received.push(ORIGIN, 1), false);
    await clock.advance(2_000);
    assert.equal(received.debtMs('f'), 0);
  });

  it('tell of each identity over its rate, once a second and code', async () => {
    const told: string[] = [];
    const { clock, rates: received } = rates({
      over: (way: string, code: string) => told.push(`${way} ${code}`),
    });
    for (const publisher of ['p', 'p', 'q']) received.push({ publisher, from: 'f' }, 41);
    assert.deepEqual(told.splice(0), ['pushed PUBLISHER_RATE', 'pushed PUBLISHER_RATE']);
    received.charge('f', 10_000);
    for (const publisher of ['p', 'q']) received.push({ publisher, from: 'f' }, 1);
    received.putOff('f');
    assert.deepEqual(told.splice(0), ['pushed PEER_RATE']);
    await clock.advance(999);
    received.putOff('f');
    assert.deepEqual(told, []);
    await clock.advance(1);
    received.putOff('f');
    assert.deepEqual(told, ['fetched PEER_RATE']);
  });

  it('change while items come', () => {
    const { rates: received } = rates();
    assert.equal(received.push(ORIGIN, 41), false);
    received.change({ publisherBytesPerSecond: 20, peerBytesPerSecond: 2_000, peerBytesPerDay: 0 });
    assert.equal(received.push(ORIGIN, 80), true);
    received.charge('f', 5_920);
    assert.equal(received.debtMs('f'), 2_000);
  });

  it('keep the debt of a peer, however many publishers and peers come after it', () => {
    const { rates: received } = rates({ peerBytesPerDay: 86_400 });
    received.charge('f', 100_000);
    const owed = received.debtMs('f');
    for (let n = 0; n <= 4_096; n++) {
      received.push({ publisher: `publisher ${n}`, from: `peer ${n % 8}` }, 1);
      received.debtMs(`looked at ${n}`);
      received.charge(`peer ${n}`, 1);
    }
    assert.equal(received.debtMs('f'), owed);
  });

  it('have a quota of a day where one is given', async () => {
    const { clock, rates: received } = rates({ peerBytesPerDay: 86_400 });
    for (let second = 0; second < 90; second++) {
      received.charge('f', 1_000);
      await clock.advance(1_000);
    }
    assert.ok(received.debtMs('f') > 3_000_000, `${received.debtMs('f')} ms`);
    assert.equal(rates().rates.debtMs('f'), 0);
  });
});
