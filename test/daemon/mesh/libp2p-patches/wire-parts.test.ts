import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import {
  cheapLengths,
  frugal,
  sendTogether,
} from '../../../../src/daemon/mesh/libp2p-patches/index.ts';

describe('data sent in one turn', () => {
  it('leaves together, and data of the next turn leaves separately', async () => {
    const did: string[] = [];
    const connection = {
      socket: { cork: () => did.push('cork'), uncork: () => did.push('uncork') },
      sendData(data: string) {
        assert.equal(this, connection);
        did.push(data);
        return `sent ${data}`;
      },
    };
    sendTogether(connection as never);
    for (let round = 0; round < 2; round++) {
      assert.equal(connection.sendData('a'), 'sent a');
      connection.sendData('b');
      assert.deepEqual(did.splice(0), ['cork', 'a', 'b']);
      await Promise.resolve();
      assert.deepEqual(did.splice(0), ['uncork']);
    }
  });
});

describe('the length of an encrypted message', () => {
  it('takes two bytes, the higher first, on both sides', async () => {
    const secured = () => ({ connection: { decoder: {} as { lengthDecoder: Decoder } } });
    type Decoder = (bytes: { byteLength: number; get(index: number): number }) => number;
    const encrypter = cheapLengths(
      () =>
        ({ secureInbound: async () => secured(), secureOutbound: async () => secured() }) as never,
    )({}) as unknown as Record<
      'secureInbound' | 'secureOutbound',
      () => Promise<ReturnType<typeof secured>>
    >;
    for (const side of ['secureInbound', 'secureOutbound'] as const) {
      const { lengthDecoder } = (await encrypter[side]()).connection.decoder;
      const read = (...bytes: number[]) =>
        lengthDecoder({ byteLength: bytes.length, get: (i) => bytes[i]! });
      assert.equal(read(1, 2), 258);
      assert.equal(read(0xff, 0xff, 9), 65_535);
      for (const short of [[], [1]]) assert.throws(() => read(...short), RangeError);
    }
  });
});

interface FakeStream {
  state: number;
  recvWindow: number;
  recvWindowCapacity: number;
  maxStreamWindowSize: number;
  sendWindowUpdate(): void;
  sendPause(): void;
}

/** A stream as the changed muxer gives it. */
function changed(stream: FakeStream): FakeStream {
  const muxers = frugal(
    () => ({ createStreamMuxer: () => ({ _newStream: () => stream }) }) as never,
  )({});
  const muxer = muxers.createStreamMuxer({} as never) as unknown as { _newStream(): FakeStream };
  assert.equal(muxer._newStream(), stream);
  return stream;
}

describe("a stream's window", () => {
  it('is renewed when half of it is used up, and with every flag that waits', () => {
    let updates = 0;
    const stream = changed({
      state: 3,
      recvWindow: 100,
      recvWindowCapacity: 100,
      maxStreamWindowSize: 100,
      sendWindowUpdate: () => void updates++,
      sendPause: () => undefined,
    });
    for (const [capacity, expected] of [
      [51, 0],
      [50, 1],
      [0, 2],
      [100, 2],
    ] as const) {
      stream.recvWindowCapacity = capacity;
      stream.sendWindowUpdate();
      assert.equal(updates, expected, `${capacity} of 100 are left`);
    }
    stream.state = 2;
    stream.sendWindowUpdate();
    assert.equal(updates, 3);
  });

  /** As Yamux does while round trips are long. */
  function growing(): FakeStream {
    return changed({
      state: 3,
      recvWindow: 256 * 1024,
      recvWindowCapacity: 256 * 1024,
      maxStreamWindowSize: 1024 * 1024,
      sendWindowUpdate() {
        if (this.state === 5) return;
        this.recvWindow = Math.min(2 * this.recvWindow, this.maxStreamWindowSize);
        this.recvWindowCapacity = this.recvWindow;
      },
      sendPause() {
        this.state = 5;
      },
    });
  }

  function resume(stream: FakeStream): void {
    stream.recvWindowCapacity = 0;
    stream.state = 3;
    stream.sendWindowUpdate();
  }

  it('shrinks by half with each pause of a reader that falls behind, to 128 KiB', () => {
    const stream = growing();
    for (const kib of [128, 128, 128]) {
      stream.sendPause();
      stream.sendWindowUpdate();
      resume(stream);
      assert.equal(stream.recvWindow, kib * 1024);
    }
  });

  it('grows again while the reader keeps up', () => {
    const stream = growing();
    stream.sendPause();
    resume(stream);
    for (const kib of [256, 512, 1024, 1024]) {
      stream.recvWindowCapacity = 0;
      stream.sendWindowUpdate();
      assert.equal(stream.recvWindow, kib * 1024);
    }
    stream.sendPause();
    resume(stream);
    assert.equal(stream.recvWindow, 512 * 1024);
  });
});
