import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { SpokenProtocols } from '../../../src/daemon/mesh/testing.ts';
import { protocolId } from '../../../src/protocol/index.ts';

/** What is known of a peer that identifies itself with these protocols. */
function heard(...protocols: string[]) {
  const listeners: ((event: { detail: object }) => void)[] = [];
  const libp2p = { addEventListener: (_: string, listener: never) => listeners.push(listener) };
  const spoken = new SpokenProtocols(libp2p as never);
  assert.equal(spoken.of('p'), null, 'nothing is known before');
  listeners[0]!({ detail: { peerId: 'p', protocols } });
  return spoken.of('p');
}

describe('what a peer speaks', () => {
  it('is read from its protocol ids: networks, and dialects without fetching', () => {
    const ids = [
      protocolId('a b/c', 'native', 1),
      protocolId('a b/c', 'commonware', 1),
      protocolId('a b/c', 'fetch', 1),
      protocolId('old', 'native', 0),
      '/ipfs/id/1.0.0',
    ];
    const spoken = {
      networks: ['a b/c', 'old'],
      dialects: ['native/1', 'commonware/1', 'native/0'],
    };
    assert.deepEqual(heard(...ids), spoken);
    assert.deepEqual(heard('/ipfs/id/1.0.0'), { networks: [], dialects: [] });
  });

  it('has few and short names, none of which steers a terminal', () => {
    const many = Array.from({ length: 9 }, (_, i) => protocolId(`n${i}`, `d${i}`, 1));
    assert.deepEqual(heard(...many), {
      networks: ['n0', 'n1', 'n2', 'n3'],
      dialects: ['d0/1', 'd1/1', 'd2/1', 'd3/1'],
    });
    const odd = ['%1b[2J', '%', 'x'.repeat(65), 'x'.repeat(64), '%C2%9B'];
    assert.deepEqual(heard(...odd.map((name) => `/rangemesh/${name}/fetch/1`)), {
      networks: ['%', 'x'.repeat(64)],
      dialects: [],
    });
  });
});
