import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { MultiaddrConnection } from '@libp2p/interface';
import { multiaddr } from '@multiformats/multiaddr';
import { InboundSlots } from '../../../../src/daemon/mesh/bounds/index.ts';

class Inbound extends EventTarget {
  readonly remoteAddr;

  constructor(host: string) {
    super();
    this.remoteAddr = multiaddr(`/ip${host.includes(':') ? 6 : 4}/${host}/tcp/1`);
  }

  close(): void {
    this.dispatchEvent(new Event('close'));
  }
}

function create() {
  const slots = new InboundSlots({ maxConnectionsPerAddress: 2, maxConnectionsPerSubnet: 3 });
  return (connection: Inbound | string) =>
    slots.take(
      (typeof connection === 'string'
        ? new Inbound(connection)
        : connection) as unknown as MultiaddrConnection,
    );
}

describe('inbound connections', () => {
  it('are bounded for an address and for a subnet, in both families', () => {
    for (const [one, two, further, subnet] of [
      ['1.2.3.4', '1.2.3.5', '1.2.4.4', '1.2.3.0/24'],
      ['2a00::1', '2a00::ffff:0:0:2', '2a00:0:0:1::1', '2a00::/64'],
      ['::ffff:102:304', '1.2.3.5', '1.2.4.4', '1.2.3.0/24'],
    ] as const) {
      const take = create();
      assert.deepEqual([take(one), take(one)], [null, null]);
      assert.equal(take(one), one);
      assert.equal(take(two), null);
      assert.equal(take(two), subnet);
      assert.equal(take(further), null);
    }
  });

  it('leave their places once, when they close', () => {
    const take = create();
    const [first, second] = [new Inbound('1.2.3.4'), new Inbound('1.2.3.4')];
    assert.deepEqual([take(first), take(second), take('1.2.3.5')], [null, null, null]);
    first.close();
    first.close();
    assert.deepEqual([take('1.2.3.4'), take('1.2.3.4')], [null, '1.2.3.4']);
  });

  it('are not counted if they come from this machine', () => {
    const take = create();
    for (let i = 0; i < 9; i++) assert.deepEqual([take('127.0.0.1'), take('::1')], [null, null]);
  });
});
