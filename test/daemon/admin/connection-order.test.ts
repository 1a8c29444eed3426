import assert from 'node:assert/strict';
import type { Socket } from 'node:net';
import { describe, it } from 'node:test';
import {
  type AdminRequest,
  type DirectCall,
  HttpConnection,
} from '../../../src/daemon/admin/testing.ts';

const [KEEP, STOP] = [true, -1];

/** A connection, the names of requests that Node responds to, and those of answers that were written. */
function connected() {
  const told: string[] = [];
  const calls = new Map<string, FakeCall>();
  const connection = new HttpConnection({
    socket: {} as Socket,
    own: false,
    lastUse: 0,
    respond(request) {
      // As where the server hears of the request.
      connection.pending++;
      told.push(`node ${request.url}`);
      return 0;
    },
    front: {
      take(request) {
        const { url = '' } = request;
        if (!url.startsWith('hot')) return null;
        const call = new FakeCall(request, told);
        calls.set(url, call);
        return call;
      },
    },
  });
  const enter = (url: string, method = 'GET') => {
    const request = { url, method, upgrade: true, returnBody: () => told.push(`back ${url}`) };
    return connection.enter(request as unknown as AdminRequest, KEEP, 1);
  };
  const answer = (url: string, isOut = true) => {
    Object.assign(calls.get(url)!, { ready: true, isOut });
    connection.advance();
  };
  return { connection, told, enter, answer, call: (url: string) => calls.get(url)! };
}

class FakeCall implements DirectCall {
  readonly request: AdminRequest;
  readonly keepAlive = KEEP;
  ready = false;
  isOut = true;
  readonly #told: string[];

  constructor(request: AdminRequest, told: string[]) {
    this.request = request;
    this.#told = told;
  }

  write(): boolean {
    this.ready = false;
    this.#told.push(`written ${this.request.url}`);
    return this.isOut;
  }

  cut(): void {
    this.#told.push(`cut ${this.request.url}`);
  }
}

describe('the answers on a connection', () => {
  it('keep the order of their requests, whoever gives them', () => {
    const { connection, told, enter, answer } = connected();
    for (const url of ['hot 1', 'hot 2', 'node 3', 'node 4', 'hot 5']) enter(url);
    assert.equal(connection.pending, 5);
    answer('hot 5');
    answer('hot 2');
    assert.deepEqual(told, []);
    answer('hot 1');
    assert.deepEqual(told.splice(0), ['written hot 1', 'written hot 2', 'node node 3']);
    connection.advance();
    assert.deepEqual(told, []);
    connection.responded();
    connection.responded();
    assert.deepEqual(told, ['node node 4', 'written hot 5']);
    assert.equal(connection.pending, 0);
  });

  it('wait for an answer that is not out yet', () => {
    const { connection, told, enter, answer } = connected();
    for (const url of ['hot 1', 'hot 2']) enter(url);
    answer('hot 1', false);
    answer('hot 2');
    assert.deepEqual(told, ['written hot 1']);
    connection.written();
    assert.deepEqual(told, ['written hot 1', 'written hot 2']);
    assert.equal(connection.pending, 0);
  });

  it('are left to Node behind requests that it has', () => {
    const { connection, told, enter } = connected();
    for (const url of ['node 1', 'hot 2']) enter(url);
    assert.deepEqual(told, ['node node 1', 'node hot 2']);
    connection.responded();
    connection.responded();
    enter('hot 3');
    assert.equal(told.length, 2);
    assert.equal(connection.pending, 1);
  });

  it('come from Node in their turn where a call is passed on', () => {
    const { connection, told, enter, answer, call } = connected();
    for (const url of ['hot 1', 'hot 2', 'hot 3']) enter(url);
    connection.pass(call('hot 2'));
    answer('hot 3');
    assert.deepEqual(told.splice(0), ['back hot 2']);
    answer('hot 1');
    assert.deepEqual(told.splice(0), ['written hot 1', 'node hot 2']);
    connection.responded();
    assert.deepEqual(told, ['written hot 3']);
    assert.equal(connection.pending, 0);
  });

  it('are called off with the connection', () => {
    const { connection, told, enter } = connected();
    for (const url of ['hot 1', 'node 2', 'hot 3']) enter(url);
    connection.cut();
    connection.cut();
    assert.deepEqual(told, ['cut hot 1', 'cut hot 3']);
  });

  it('end before a request for a tunnel, and ask for no other protocol', () => {
    const { connection, enter, call } = connected();
    enter('hot 1');
    assert.equal(call('hot 1').request.upgrade, false);
    assert.equal(enter('node 2', 'CONNECT'), STOP);
    assert.equal(connection.pending, 1);
  });
});
