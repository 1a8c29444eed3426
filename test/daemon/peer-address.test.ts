import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { multiaddr } from '@multiformats/multiaddr';
import { usableAddresses } from '../../src/daemon/mesh/discovery/testing.ts';
import {
  hostOf,
  isLoopback,
  isLoopbackHost,
  parseListenAddress,
  parsePeerAddress,
  withoutPeer,
} from '../../src/daemon/testing.ts';

const A = '12D3KooWJ6ET7PSPDcWtGuwTZjyye8rUM3RTvZ8va1J3uSndGLqg';
const B = '12D3KooWNvHK4U6VqQQQr6Qe89wwbKazUPzQrPZLQmspceywVo3q';
const FAR = '/ip4/192.0.2.1/tcp/1';

describe('addresses', () => {
  it('are a host, a port and perhaps a peer id', () => {
    for (const host of ['ip4/192.0.2.1', 'ip6/::1', 'dns/a.b', 'dns4/a.b', 'dns6/a.b']) {
      const { text, peerId } = parsePeerAddress(`/${host}/tcp/1`);
      assert.deepEqual([text, peerId], [`/${host}/tcp/1`, null]);
    }
    const { text, peerId } = parsePeerAddress(`${FAR}/p2p/${A}`);
    assert.deepEqual([withoutPeer(text), peerId], [FAR, A]);
    assert.equal(withoutPeer(FAR), FAR);
    assert.equal(parsePeerAddress('/ip6zone/eth0/ip6/fe80::1/tcp/1').peerId, null);
    for (const wrong of [`${FAR}/ws`, `${FAR}/p2p/${A}/p2p-circuit`, '/tcp/1', '/unix/x']) {
      assert.throws(() => parsePeerAddress(wrong), { code: 'INVALID_ADDRESS' }, wrong);
    }
  });

  it('may have port 0 to listen on, and not to dial', () => {
    assert.equal(parseListenAddress('/ip4/127.0.0.1/tcp/0').toString(), '/ip4/127.0.0.1/tcp/0');
    assert.throws(() => parsePeerAddress('/ip4/127.0.0.1/tcp/0'), /it has port 0/);
  });

  it('are shown cut when they are long', () => {
    const told = (length: number) => {
      try {
        parsePeerAddress('x'.repeat(length));
      } catch (error) {
        return /^"(x+)(\.*)"/
          .exec((error as Error).message)!
          .slice(1)
          .map((part) => part.length);
      }
      return assert.fail('accepted');
    };
    assert.deepEqual(
      [told(200), told(201), told(9_000)],
      [
        [200, 0],
        [200, 3],
        [200, 3],
      ],
    );
  });

  it('are recognised where they lead to this machine alone', () => {
    const near = ['/ip4/127.0.0.1', '/ip4/127.9.9.9', '/ip6/::1', '/dns4/localhost'];
    const far = [
      '/ip4/0.0.0.0',
      '/ip4/12.7.0.1',
      '/ip6/::',
      '/dns4/a.localhost.example',
      '/dns4/127.example.org',
    ];
    for (const host of near) assert.equal(isLoopback(multiaddr(`${host}/tcp/1`)), true, host);
    for (const host of far) assert.equal(isLoopback(multiaddr(`${host}/tcp/1`)), false, host);
    assert.equal(isLoopback(multiaddr('/tcp/1')), false);
    for (const host of ['127.0.0.1', '127.255.0.1', '::1', 'localhost', 'LOCALHOST', 'a.localhost'])
      assert.equal(isLoopbackHost(host), true, host);
    for (const host of [
      '128.0.0.1',
      '126.255.255.255',
      '::',
      '::2',
      'localhost.example',
      'xlocalhost',
    ])
      assert.equal(isLoopbackHost(host), false, host);
  });

  it('keep their host when the port changes', () => {
    assert.equal(hostOf(multiaddr(FAR)), '192.0.2.1');
    assert.equal(hostOf(multiaddr('/dns4/a.b/tcp/9')), 'a.b');
    assert.equal(hostOf(multiaddr('/tcp/9')), '/tcp/9');
  });

  it('count as usable where they can be dialled, each once, up to a limit for a peer', () => {
    const far = '/ip4/1.2.3.4/tcp/1';
    const near = '/ip4/127.0.0.1/tcp/1';
    const all = [
      near,
      `${far}/p2p/${A}`,
      far,
      `/ip4/1.2.3.5/tcp/1/p2p/${B}`,
      'nonsense',
      `${far}2`,
    ];
    const usable = (loopback: boolean, max: number) =>
      usableAddresses(all, { peer: A, loopback, lan: false, max });
    assert.deepEqual(usable(true, 9), [near, far, `${far}2`]);
    assert.deepEqual(usable(false, 9), [far, `${far}2`]);
    assert.deepEqual(usable(true, 2), [near, far]);
  });
});
