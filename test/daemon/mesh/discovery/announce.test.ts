import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { peerIdFromString } from '@libp2p/peer-id';
import { PeerRecord } from '@libp2p/peer-record';
import { multiaddr } from '@multiformats/multiaddr';
import fc from 'fast-check';
import {
  decodeRecord,
  encodeRecord,
  Trickle,
  usableAddresses,
} from '../../../../src/daemon/mesh/discovery/testing.ts';
import { bytesToHex } from '../../../../src/store/index.ts';
import { VirtualClock } from '../../../support/clock.ts';
import { assertProperty } from '../../../support/property.ts';
import { SeededRandom } from '../../../support/random.ts';

const A = '12D3KooWJ6ET7PSPDcWtGuwTZjyye8rUM3RTvZ8va1J3uSndGLqg';
const B = '12D3KooWNvHK4U6VqQQQr6Qe89wwbKazUPzQrPZLQmspceywVo3q';
const peerId = peerIdFromString(A);

function encode(addresses: string[], maxAddresses = 8): Uint8Array | null {
  const multiaddrs = addresses.map((text) => multiaddr(text));
  return encodeRecord({
    peerId,
    addresses: multiaddrs,
    sequence: 1_700_000_000_000n,
    maxAddresses,
  });
}

describe('the announcement of addresses', () => {
  it('is the record that docs/protocol-discovery.md shows', () => {
    const bytes = encode(['/ip4/192.0.2.1/tcp/9463']);
    const shown = [
      '0a26',
      '0024080112207aee0fd1784cbcdb7dc64d4df7a942bcf9d78ea235c460caf8f06ce511c882ab',
      '10',
      '80d095ffbc31',
      '1a0a',
      '0a08',
      '04c00002010624f7',
    ];
    assert.equal(bytesToHex(bytes!), shown.join(''));
  });

  it('contains the given addresses, without the peer id', () => {
    const bytes = encode([`/ip4/1.2.3.1/tcp/1/p2p/${A}`, '/dns4/a.example/tcp/2']);
    assert.deepEqual(decodeRecord(bytes!), {
      peer: A,
      addresses: ['/ip4/1.2.3.1/tcp/1', '/dns4/a.example/tcp/2'],
      sequence: 1_700_000_000_000n,
    });
  });

  it('omits addresses of this machine, unless there are no others', () => {
    const both = encode(['/ip4/127.0.0.1/tcp/1', '/ip6/::1/tcp/1', '/ip4/1.2.3.1/tcp/1']);
    assert.deepEqual(decodeRecord(both!).addresses, ['/ip4/1.2.3.1/tcp/1']);
    assert.deepEqual(decodeRecord(encode(['/ip4/127.0.0.1/tcp/1'])!).addresses.length, 1);
    assert.equal(encode([]), null);
  });

  it('contains addresses up to its limit', () => {
    const many = Array.from({ length: 20 }, (_, i) => `/ip4/1.2.3.${i}/tcp/1`);
    assert.equal(decodeRecord(encode(many)!).addresses.length, 8);
  });

  it('refuses long or invalid records, whatever the bytes', () => {
    const many = Array.from({ length: 33 }, (_, i) => multiaddr(`/ip4/1.2.3.${i}/tcp/1`));
    const record = new PeerRecord({ peerId, multiaddrs: many, seqNumber: 1n }).marshal();
    assert.throws(() => decodeRecord(record), /33 addresses/);
    assert.throws(() => decodeRecord(new Uint8Array(4_097)), /4097 bytes/);
    assertProperty(
      fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
        try {
          decodeRecord(bytes);
        } catch (error) {
          assert.ok(error instanceof Error);
        }
      }),
    );
  });

  it('keeps the addresses that can be dialled', () => {
    const told = [
      '/ip4/1.2.3.1/tcp/1',
      `/ip4/1.2.3.1/tcp/1/p2p/${A}`,
      `/ip4/1.2.3.2/tcp/1/p2p/${B}`,
      '/ip4/1.2.3.3/udp/1/quic-v1',
      '/ip4/1.2.3.4/tcp/0',
      '/ip4/127.0.0.1/tcp/1',
      'nonsense',
      '/dns4/a.example/tcp/1',
    ];
    const usable = (loopback: boolean, max = 8) =>
      usableAddresses(told, { peer: A, loopback, lan: false, max });
    assert.deepEqual(usable(false), ['/ip4/1.2.3.1/tcp/1', '/dns4/a.example/tcp/1']);
    assert.deepEqual(usable(true).length, 3);
    assert.deepEqual(usable(true, 1).length, 1);
  });
});

describe('Trickle', () => {
  function setUp(heard = () => true) {
    const clock = new VirtualClock();
    const at: number[] = [];
    const timer = new Trickle({
      clock,
      random: new SeededRandom('trickle'),
      bounds: () => ({ minMs: 1_000, maxMs: 16_000 }),
      fire() {
        at.push(clock.monotonic());
        return heard();
      },
    });
    timer.start();
    return { clock, at, timer };
  }

  it('fires ever more rarely, and soon after a change', async () => {
    const { clock, at, timer } = setUp();
    await clock.advance(600_000);
    assert.ok(at[0]! >= 500 && at[0]! <= 1_000);
    const late = at.slice(-5).map((time, i, all) => time - (all[i - 1] ?? time));
    for (const pauseMs of late.slice(1)) assert.ok(pauseMs >= 8_000 && pauseMs <= 16_000);
    timer.reset();
    const before = at.length;
    await clock.advance(1_000);
    assert.equal(at.length, before + 1);
  });

  it('is not delayed by endless changes', async () => {
    const { clock, at, timer } = setUp();
    for (let i = 0; i < 100; i++) {
      timer.reset();
      await clock.advance(100);
    }
    assert.ok(at.length >= 5);
  });

  it('keeps its interval while it has no listener', async () => {
    const { clock, at } = setUp(() => false);
    await clock.advance(60_000);
    assert.ok(at.length >= 60);
  });

  it('fires no more after a stop', async () => {
    const { clock, at, timer } = setUp();
    timer.stop();
    timer.reset();
    await clock.advance(60_000);
    assert.deepEqual([at, clock.pending], [[], 0]);
  });
});
