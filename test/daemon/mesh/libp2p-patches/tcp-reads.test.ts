import assert from 'node:assert/strict';
import { Readable } from 'node:stream';
import { describe, it } from 'node:test';
import { PacedReads } from '../../../../src/daemon/mesh/libp2p-patches/index.ts';
import { settle } from '../../../support/clock.ts';

const SLICE_MS = 2;

/** Connections, each of whose reads takes a millisecond. */
class Reads {
  readonly #paced: PacedReads;
  #busyMs = 0;
  #awaited: (() => void)[] = [];

  constructor() {
    this.#paced = new PacedReads({
      clock: {
        after: (_, callback) => {
          this.#awaited.push(callback);
          return () => undefined;
        },
      },
      pace: { sliceMs: SLICE_MS, busyMs: () => this.#busyMs },
    });
  }

  get awaited(): number {
    return this.#awaited.length;
  }

  /** As libp2p's connection over TCP: `onData` is looked up for each read. */
  connect() {
    const socket = new Readable({ read: () => undefined });
    const connection = {
      socket,
      readStatus: 'readable',
      read: [] as number[],
      ended: false,
      onData: (bytes: Uint8Array): void => {
        connection.read.push(...bytes);
        this.#busyMs++;
      },
    };
    this.#paced.add(connection as never);
    socket.on('data', (bytes) => connection.onData(bytes));
    socket.on('end', () => {
      connection.ended = true;
    });
    return connection;
  }

  async nextTurn(): Promise<void> {
    for (const callback of this.#awaited.splice(0)) callback();
    await settle();
  }
}

describe('paced reads', () => {
  it('end with the time of a turn, and go on in order', async () => {
    const reads = new Reads();
    const { socket, read } = reads.connect();
    for (const byte of [1, 2, 3, 4, 5]) socket.push(Uint8Array.of(byte));
    await settle();
    assert.deepEqual(read, [1, 2]);
    await reads.nextTurn();
    assert.deepEqual(read, [1, 2, 3, 4]);
    await reads.nextTurn();
    assert.deepEqual(read, [1, 2, 3, 4, 5]);
    await reads.nextTurn();
    assert.equal(reads.awaited, 0);
  });

  it('share the time of a turn over all connections, the longest waiting first', async () => {
    const reads = new Reads();
    const [busy, other] = [reads.connect(), reads.connect()];
    for (const byte of [1, 2, 3, 4, 5, 6]) busy.socket.push(Uint8Array.of(byte));
    for (const byte of [7, 8]) other.socket.push(Uint8Array.of(byte));
    await settle();
    assert.deepEqual([busy.read, other.read], [[1, 2], []]);
    await reads.nextTurn();
    await reads.nextTurn();
    assert.deepEqual(
      [busy.read, other.read],
      [
        [1, 2, 3, 4],
        [7, 8],
      ],
    );
  });

  it('bring the end behind the bytes that waited', async () => {
    const reads = new Reads();
    const connection = reads.connect();
    for (const byte of [1, 2, 3]) connection.socket.push(Uint8Array.of(byte));
    connection.socket.push(null);
    await settle();
    assert.deepEqual([connection.read, connection.ended], [[1, 2], false]);
    await reads.nextTurn();
    assert.deepEqual([connection.read, connection.ended], [[1, 2, 3], true]);
  });

  it('leave a connection paused that its reader paused', async () => {
    const reads = new Reads();
    const connection = reads.connect();
    for (const byte of [1, 2, 3]) connection.socket.push(Uint8Array.of(byte));
    await settle();
    connection.readStatus = 'paused';
    await reads.nextTurn();
    assert.deepEqual(connection.read, [1, 2]);
  });
});
