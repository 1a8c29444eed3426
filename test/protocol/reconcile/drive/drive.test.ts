import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { Duplex } from 'node:stream';
import { describe, it, type TestContext } from 'node:test';
import { MessageChannel, type MessagePort } from 'node:worker_threads';
import { WebSocketServer } from 'ws';
import {
  commonware,
  type Dialect,
  type DriveInit,
  type DrivePort,
  drive,
  nativeDialect,
  negentropy,
  type Role,
  type SessionLimits,
} from '../../../../src/protocol/index.ts';
import { encodeFrames } from '../../../../src/protocol/network/index.ts';
import {
  bytesToHex,
  type ItemKey,
  keyToBytes,
  lthash,
  type Snapshot,
  SortedVector,
  sum256,
} from '../../../../src/store/index.ts';
import { keysOf } from '../../../conformance/pairs.ts';
import { cleanUp } from '../../../support/clean-up.ts';
import { VirtualClock } from '../../../support/clock.ts';

type Ends = readonly [DrivePort, DrivePort];

const native = nativeDialect();
/** Both sides hold the second part, and each one of the others. */
const ours = [...keysOf(1, 300), ...keysOf(2, 2_000)];
const theirs = [...keysOf(2, 2_000), ...keysOf(3, 400)];

function snapshotOf(keys: readonly ItemKey[], dialect: Dialect): Snapshot {
  const set = new SortedVector({ scheme: dialect.name === 'negentropy' ? sum256 : lthash });
  set.insert(keys);
  return set.snapshot();
}

interface SideInit extends DriveInit {
  role: Role;
  keys?: readonly ItemKey[];
  dialect?: Dialect;
  limits?: Partial<SessionLimits>;
}

function side(port: DrivePort, init: SideInit) {
  const { role, keys = role === 'initiator' ? ours : theirs, dialect = native, ...rest } = init;
  const { limits = {}, ...driven } = rest;
  return drive(
    dialect.session({ role, snapshot: snapshotOf(keys, dialect), limits }),
    port,
    driven,
  );
}

const hexes = (ids: readonly Uint8Array[]): string[] => ids.map((id) => bytesToHex(id)).sort();
const idsOf = (keys: readonly ItemKey[]): string[] => hexes(keys.map(({ id }) => id));

function ports(): readonly [MessagePort, MessagePort] {
  const { port1, port2 } = new MessageChannel();
  return [port1, port2];
}

function streams(): Ends {
  const [there, back] = [new TransformStream(), new TransformStream()];
  return [
    { readable: back.readable, writable: there.writable },
    { readable: there.readable, writable: back.writable },
  ];
}

async function sockets(t: TestContext): Promise<Ends> {
  const server = new WebSocketServer({ port: 0, host: '127.0.0.1' });
  await once(server, 'listening');
  const accepted = once(server, 'connection');
  const { port } = server.address() as { port: number };
  const client = new WebSocket(`ws://127.0.0.1:${port}`);
  const [peer] = await accepted;
  cleanUp(t, () => new Promise<void>((resolve) => void server.close(() => resolve())));
  return [client, peer];
}

async function tcp(): Promise<Ends> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const accepted = once(server, 'connection');
  const { port } = server.address() as { port: number };
  const { connect } = await import('node:net');
  const client = connect(port, '127.0.0.1');
  const [peer] = await accepted;
  server.close();
  return [Duplex.toWeb(client), Duplex.toWeb(peer)];
}

describe('drive', () => {
  const kinds: [string, (t: TestContext) => Ends | Promise<Ends>][] = [
    ['message ports', ports],
    ['pairs of web streams', streams],
    ['TCP sockets of Node', tcp],
    ['WebSockets', sockets],
  ];
  for (const [kind, make] of kinds) {
    for (const dialect of [native, commonware, negentropy]) {
      it(`runs ${dialect.name} sessions over ${kind}`, async (t) => {
        const [a, b] = await make(t);
        const [initiator, responder] = await Promise.all([
          side(a, { role: 'initiator', dialect }),
          side(b, { role: 'responder', dialect }),
        ]);
        assert.deepEqual(hexes(initiator.missing), idsOf(keysOf(3, 400)));
        const lacking = dialect === negentropy ? initiator.have : responder.missing;
        assert.deepEqual(hexes(lacking), idsOf(keysOf(1, 300)));
        assert.deepEqual([initiator.equal, responder.equal], [false, false]);
        assert.equal(initiator.finding?.proved, dialect === native ? true : undefined);
      });
    }
  }

  it('finds equal sets equal', async () => {
    const [a, b] = ports();
    const results = await Promise.all([
      side(a, { role: 'initiator', keys: ours }),
      side(b, { role: 'responder', keys: ours }),
    ]);
    assert.deepEqual(
      results.map(({ equal }) => equal),
      [true, true],
    );
  });

  it('waits for what takes the ids, and keeps none then', async () => {
    const [a, b] = ports();
    let taking = 0;
    const taken: Uint8Array[] = [];
    const take: DriveInit['take'] = async ({ missing }) => {
      assert.equal(taking++, 0, 'one call at a time');
      await new Promise((resolve) => setImmediate(resolve));
      taken.push(...missing);
      taking--;
    };
    const [{ missing }] = await Promise.all([
      side(a, { role: 'initiator', take }),
      side(b, { role: 'responder' }),
    ]);
    assert.deepEqual([missing.length, taken.length], [0, 400]);
  });

  it('rejects with what takes the ids throws', async () => {
    const [a, b] = ports();
    const take = () => {
      throw new Error('the disk is full');
    };
    const both = [side(a, { role: 'initiator', take }), side(b, { role: 'responder' })];
    await assert.rejects(both[0]!, { message: 'the disk is full' });
    await assert.rejects(both[1]!, { code: 'STREAM_CLOSED' });
  });

  for (const role of ['initiator', 'responder'] as const) {
    for (const [kind, make] of kinds.slice(0, 2)) {
      it(`refuses two ${role}s over ${kind} with SAME_ROLE`, async (t) => {
        const [a, b] = await make(t);
        const codes = await Promise.all(
          [a, b].map((port) => side(port, { role }).catch(({ code }) => code)),
        );
        assert.ok(codes.includes('SAME_ROLE'), String(codes));
        for (const code of codes) assert.ok(/^(SAME_ROLE|STREAM_CLOSED|STREAM_FAILED)$/.test(code));
      });
    }
  }

  it('refuses what is no port with INVALID_PORT', async () => {
    for (const port of [null, 'ws://127.0.0.1', {}, new Duplex()]) {
      const driven = side(port as DrivePort, { role: 'initiator' });
      await assert.rejects(driven, { name: 'ProtocolError', code: 'INVALID_PORT' });
    }
  });

  it('tells the peer why a session ends', async () => {
    for (const make of [ports, streams]) {
      const [a, b] = make();
      const both = [
        side(a, { role: 'initiator', limits: { maxRounds: 1 } }),
        side(b, { role: 'responder' }),
      ];
      await Promise.all(both.map((one) => assert.rejects(one, { code: 'BUDGET_SPENT' })));
    }
  });

  it('ends with TIMEOUT when no frame comes in time', async () => {
    for (const [a] of [ports(), streams()]) {
      const clock = new VirtualClock();
      const driven = side(a, { role: 'responder', clock, frameTimeoutMs: 500 });
      const rejected = assert.rejects(driven, { code: 'TIMEOUT' });
      await clock.advance(499);
      await clock.advance(1);
      await rejected;
    }
  });

  it('ends with ABORTED by its signal, also by one that has fired before', async (t) => {
    for (const [a] of [ports(), streams(), await sockets(t)]) {
      const controller = new AbortController();
      const driven = side(a, { role: 'responder', signal: controller.signal });
      controller.abort(new Error('closing time'));
      await assert.rejects(driven, { code: 'ABORTED', message: /closing time/ });
    }
    const late = side(ports()[0], { role: 'responder', signal: AbortSignal.abort() });
    await assert.rejects(late, { code: 'ABORTED' });
  });

  it('says that a WebSocket never opened, also when it had failed before', async () => {
    const refused = new WebSocket('ws://127.0.0.1:1');
    const message = /^the WebSocket did not open: check its address/;
    for (const socket of [refused, refused]) {
      const driven = side(socket, { role: 'initiator' });
      await assert.rejects(driven, { code: 'STREAM_CLOSED', message });
    }
  });

  it('ends with STREAM_CLOSED when the peer goes early', async () => {
    const [a, b] = ports();
    const driven = side(a, { role: 'responder' });
    b.close();
    await assert.rejects(driven, { code: 'STREAM_CLOSED' });
    const closed = new WebSocket('ws://127.0.0.1:1');
    await assert.rejects(side(closed, { role: 'initiator' }), { code: 'STREAM_CLOSED' });
  });
});

describe('drive: a peer that breaks the rules', () => {
  /** Posts messages by hand to a responder; resolves with the code of its error. */
  async function codeAfter(messages: readonly unknown[], init: DriveInit = {}): Promise<string> {
    const [a, b] = ports();
    const driven = side(a, { role: 'responder', ...init });
    for (const message of messages) b.postMessage(message, []);
    return driven.then(
      () => 'none',
      ({ code }) => code,
    );
  }

  it('is refused for a message that is no frame and no word', async () => {
    assert.equal(await codeAfter(['hello']), 'MALFORMED_FRAME');
    assert.equal(await codeAfter([new Uint8Array(3)]), 'MALFORMED_FRAME');
    assert.equal(await codeAfter(['initiator', 'hello']), 'MALFORMED_FRAME');
    assert.equal(await codeAfter(['initiator', 'taken']), 'MALFORMED_FRAME');
    assert.equal(await codeAfter(['initiator', { length: 3 }]), 'MALFORMED_FRAME');
  });

  it('is refused for a frame past the limit, and heard at it', async () => {
    const init = { maxFrameBytes: 100 };
    assert.equal(await codeAfter(['initiator', new Uint8Array(101)], init), 'FRAME_TOO_LARGE');
    assert.equal(await codeAfter(['initiator', new Uint8Array(100)], init), 'MALFORMED_FRAME');
  });

  it('is refused for frames that do not wait until others were taken', async () => {
    const [a, b] = ports();
    // Its first frame is not digested to the end while the clock stands still.
    const clock = new VirtualClock();
    const driven = side(a, { role: 'responder', clock });
    const initiator = native.session({ role: 'initiator', snapshot: snapshotOf(ours, native) });
    const post = (message: unknown) => b.postMessage(message, []);
    // A port that reads nothing is not told of the end either.
    b.start();
    post('initiator');
    for (const frame of initiator.start().frames) post(frame);
    for (let frames = 0; frames < 20; frames++) post(new Uint8Array(1));
    await Promise.all([
      assert.rejects(driven, { code: 'MALFORMED_FRAME', message: /before one was taken/ }),
      once(b, 'close').then(() => clock.advance(1_000)),
    ]);
  });

  it('is refused for a stream that ends within a frame, or carries text', async () => {
    const greeting = encodeFrames([keyToBytes('initiator')]);
    const cases: [unknown, RegExp][] = [
      [Uint8Array.of(5), /within a frame/],
      [Uint8Array.of(5, 0), /within a frame/],
      ['text', /no bytes/],
    ];
    for (const [chunk, message] of cases) {
      const there = new TransformStream();
      const { writable } = new TransformStream();
      const driven = side({ readable: there.readable, writable }, { role: 'responder' });
      const refused = assert.rejects(driven, { code: 'MALFORMED_FRAME', message });
      const writer = there.writable.getWriter();
      const wrote = [writer.write(greeting), writer.write(chunk), writer.close()];
      await refused;
      await Promise.allSettled(wrote);
    }
  });
});
