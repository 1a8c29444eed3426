import assert from 'node:assert/strict';
import { once } from 'node:events';
import { Duplex } from 'node:stream';
import { describe, it } from 'node:test';
import { type HotInit, HotItems } from '../../../src/daemon/admin/hot/testing.ts';
import { type AdminRequest, HttpConnection } from '../../../src/daemon/admin/testing.ts';
import { bytesToHex } from '../../../src/store/index.ts';
import { settle, VirtualClock } from '../../support/clock.ts';

const ITEM = { id: new Uint8Array(32), hint: 7n, payload: new Uint8Array(1) };

/** A connection that takes no bytes, and what came of the gets on it. */
function stalled() {
  const told: string[] = [];
  const hot = new HotItems({
    node: { get: async () => ITEM },
    clock: new VirtualClock(),
    limits: { maxItemBytes: 1_024 },
    closing: new AbortController().signal,
    underWay: { full: false, begin: () => undefined, end: () => told.push('ended') },
    deadlines: { complete: () => undefined },
    failures: new WeakMap(),
    unreadMs: 1_000,
    passes: () => true,
    answered: () => told.push('answered'),
  } as unknown as HotInit);
  const taking = Promise.withResolvers<(error?: Error) => void>();
  const socket = new Duplex({
    read: () => undefined,
    write: (bytes, _encoding, done) => (bytes.length > 0 ? taking.resolve(done) : done()),
  });
  const connection = new HttpConnection({
    socket: Object.assign(socket, { setTimeout: () => undefined }) as never,
    own: false,
    lastUse: 0,
    front: hot,
    respond: () => told.push('responded'),
  });
  const enter = (url: string) => {
    const request = { url, method: 'GET', headers: {}, giveBody: () => undefined };
    connection.enter(request as unknown as AdminRequest, true, 1);
  };
  enter(`/v1/items/${bytesToHex(ITEM.id)}`);
  enter('/v1/status');
  return { told, socket, connection, taken: taking.promise };
}

describe('an answer to a hot call that is not out at once', () => {
  it('is one when it is out, and then the next request has its turn', async () => {
    const { told, taken, connection } = stalled();
    const done = await taken;
    assert.deepEqual(told, []);
    done();
    await settle();
    assert.deepEqual(told, ['ended', 'answered', 'responded']);
    assert.equal(connection.pending, 0);
  });

  it('is none where the connection breaks, and no request behind it has a turn', async () => {
    const { told, taken, socket, connection } = stalled();
    const done = await taken;
    const closed = once(socket, 'close');
    socket.destroy();
    // As of a socket, whose writes under way end before it is closed.
    done();
    await closed;
    assert.deepEqual(told, []);
    connection.cut();
    assert.deepEqual(told, ['ended']);
  });
});
