import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import {
  EventBus,
  type EventGap,
  type EventReading,
  type EventType,
  type ToldEvent,
} from '../../../src/daemon/events/index.ts';
import { byNow } from '../../support/by-now.ts';
import { settle, VirtualClock } from '../../support/clock.ts';
import { SeededRandom } from '../../support/random.ts';
import { sessionReport } from '../../support/reports.ts';

function create(init: { maxEvents?: number; maxReaders?: number; seed?: string } = {}) {
  const clock = new VirtualClock();
  const { seed = 'events', ...bounds } = init;
  const bus = new EventBus({ clock, random: new SeededRandom(seed), ...bounds });
  const over = new AbortController();
  const read = (after: string | null = null, ...types: EventType[]): EventReading => {
    const reading = bus.read({ types: new Set(types), after, signal: over.signal });
    assert.ok(reading !== null);
    return reading;
  };
  return { clock, bus, over, read };
}

type Read = ToldEvent | EventGap | 'idle';

/** What is there by now. */
async function next(reading: EventReading): Promise<Read | undefined> {
  const { value } = await byNow(reading.next(), 'an event is there');
  return value ?? undefined;
}

async function numberOf(reading: EventReading): Promise<number> {
  const read = await next(reading);
  assert.ok(read !== undefined && read !== 'idle' && 'event' in read);
  return read.number;
}

const item = (fill: number) => ({ hint: BigInt(fill), id: new Uint8Array(32).fill(fill) });

describe('the events of a node', () => {
  it('come in order to each reader, from the time it came', async () => {
    const { bus, read } = create();
    bus.config(['log.level']);
    const first = read();
    const waiting = first.next();
    await settle();
    bus.items([item(1)]);
    bus.peer('p', 'connected');
    bus.want('p', [item(2).id, item(3).id]);
    bus.sessionEnded(sessionReport({ missing: 4 }));
    bus.incident({ code: 'DISK_FULL', message: 'm' });
    const { value } = await waiting;
    assert.ok(typeof value === 'object' && 'event' in value);
    assert.deepEqual([value.number, value.event], [2, { type: 'item', ...item(1) }]);
    const types: string[] = [];
    for (let i = 0; i < 4; i++) {
      const read = await next(first);
      assert.ok(typeof read === 'object' && 'event' in read);
      types.push(read.event.type);
      if (read.event.type === 'want') assert.deepEqual([read.event.ids, read.event.id[0]], [2, 2]);
    }
    assert.deepEqual(types, ['peer', 'want', 'session', 'incident']);
  });

  it('are left out by type', async () => {
    const { bus, read } = create();
    const reading = read(bus.place({ number: 0, missed: 0 }), 'peer', 'config');
    bus.items([item(1)]);
    bus.peer('p', 'disconnected');
    bus.incident({ code: 'c', message: 'm' });
    bus.config([]);
    assert.deepEqual([await numberOf(reading), await numberOf(reading)], [2, 4]);
  });

  it('copy ids, so that they keep no memory of a commit', async () => {
    const { bus, read } = create();
    const reading = read(bus.place({ number: 0, missed: 0 }));
    const shared = new Uint8Array(64);
    bus.items([{ hint: 1n, id: shared.subarray(0, 32) }]);
    const told = await next(reading);
    assert.ok(typeof told === 'object' && 'event' in told && told.event.type === 'item');
    assert.equal(told.event.id.buffer.byteLength, 32);
  });

  it('of items that came together stand in order with others around them', async () => {
    const { bus, clock, read } = create({ maxEvents: 4 });
    bus.items([1, 2, 3].map(item));
    await clock.advance(5);
    bus.peer('p', 'connected');
    bus.items([4, 5].map(item));
    const reading = read(bus.place({ number: 2, missed: 0 }));
    const told: unknown[] = [];
    for (let i = 0; i < 4; i++) told.push(await next(reading));
    const at = clock.now();
    assert.deepEqual(told, [
      { number: 3, at: at - 5, event: { type: 'item', ...item(3) } },
      { number: 4, at, event: { type: 'peer', peer: 'p', change: 'connected' } },
      { number: 5, at, event: { type: 'item', ...item(4) } },
      { number: 6, at, event: { type: 'item', ...item(5) } },
    ]);
  });

  it('follow the last event that a client has, as long as it is kept', async () => {
    const { bus, read } = create({ maxEvents: 3 });
    for (let i = 0; i < 4; i++) bus.peer(`${i}`, 'connected');
    const place = (number: number) => bus.place({ number, missed: 0 });
    assert.equal(await numberOf(read(place(1))), 2);
    const late = read(place(0));
    assert.deepEqual(await next(late), { number: 1, missed: 1 });
    assert.equal(await numberOf(late), 2);
    const other = create({ seed: 'another run' }).bus.place({ number: 1, missed: 0 });
    for (const wrong of [other, place(5), 'nonsense']) {
      assert.deepEqual(await next(read(wrong)), { number: 4, missed: null });
    }
  });

  it('tell a slow reader how many it has missed, several times in a row', async () => {
    const { bus, read } = create({ maxEvents: 2 });
    const reading = read(bus.place({ number: 0, missed: 0 }));
    for (let round = 0; round < 2; round++) {
      bus.items([1, 2, 3, 4, 5].map(item));
      const last = 5 * (round + 1);
      assert.deepEqual(await next(reading), { number: last - 2, missed: 3 });
      assert.deepEqual([await numberOf(reading), await numberOf(reading)], [last - 1, last]);
    }
  });

  it('tell a gap anew if further events come while it is told', async () => {
    const { bus, read } = create({ maxEvents: 2 });
    const reading = read(bus.place({ number: 0, missed: 0 }));
    bus.items([1, 2, 3].map(item));
    assert.deepEqual(await next(reading), { number: 1, missed: 1 });
    bus.items([4, 5].map(item));
    assert.deepEqual(await next(reading), { number: 3, missed: 2 });
    assert.equal(await numberOf(reading), 4);
  });

  it('are idle after each 15 seconds without one', async () => {
    const { clock, read } = create();
    const reading = read();
    for (let round = 0; round < 2; round++) {
      let told: Read | null = null;
      void reading.next().then(({ value }) => {
        told = value ?? null;
      });
      await clock.advance(14_999);
      assert.equal(told, null);
      await clock.advance(1);
      assert.equal(told, 'idle');
    }
  });

  it('have a bounded number of readers, and end by their signals', async () => {
    const { clock, bus, over, read } = create({ maxReaders: 2 });
    const readings = [read(), read()];
    const waiting = readings.map((reading) => reading.next());
    await settle();
    const types = new Set<EventType>();
    const { signal } = new AbortController();
    assert.equal(bus.read({ types, after: null, signal }), null);
    over.abort();
    for (const each of waiting)
      assert.deepEqual(await byNow(each, 'the reading ends'), { value: undefined, done: true });
    assert.equal(clock.pending, 0);
    assert.ok(bus.read({ types, after: null, signal }) !== null);
    assert.ok(bus.read({ types, after: null, signal: over.signal }) !== null, 'ends at once');
    assert.ok(bus.read({ types, after: null, signal }) !== null);
    assert.equal(bus.read({ types, after: null, signal }), null);
  });
});
