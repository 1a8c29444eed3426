import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { PeerTable, type PeerTableInit } from '../../../../src/daemon/mesh/bounds/index.ts';

function create(maxRememberedPeers: number) {
  const forgotten: string[] = [];
  const connected = new Set<string>();
  const kept = new Set<string>();
  const listeners = new Map<string, (event: { detail: unknown }) => void>();
  const libp2p = {
    addEventListener: (name: string, listener: (event: { detail: unknown }) => void) =>
      void listeners.set(name, listener),
    peerStore: {
      async delete(peer: string) {
        forgotten.push(peer);
        throw new Error('failures are no matter');
      },
    },
  } as unknown as PeerTableInit['libp2p'];
  new PeerTable({
    libp2p,
    maxRememberedPeers,
    isConnected: (peer) => connected.has(peer),
    isKept: (peer) => kept.has(peer),
  });
  const update = (...ids: string[]) => {
    for (const id of ids) listeners.get('peer:update')!({ detail: { peer: { id } } });
    return forgotten.splice(0);
  };
  const disconnect = (id: string) => {
    connected.delete(id);
    listeners.get('peer:disconnect')!({ detail: id });
    return forgotten.splice(0);
  };
  return { connected, kept, update, disconnect };
}

describe('PeerTable', () => {
  it('forgets the peer that was seen longest ago, once', () => {
    const { update } = create(2);
    assert.deepEqual(update('a', 'b'), []);
    assert.deepEqual(update('a', 'c'), ['b']);
    assert.deepEqual(update('d', 'e'), ['a', 'c']);
  });

  it('forgets kept peers last, and connected ones never', () => {
    const { connected, kept, update, disconnect } = create(2);
    connected.add('c');
    kept.add('k');
    assert.deepEqual(update('c', 'k', 'a'), ['a']);
    kept.add('l');
    assert.deepEqual(update('l'), ['k']);
    for (const id of ['l', 'm', 'n']) connected.add(id);
    assert.deepEqual(update('m', 'n'), []);
    assert.deepEqual(disconnect('c'), ['c']);
    assert.deepEqual(disconnect('m'), ['m']);
    assert.deepEqual(disconnect('n'), [], 'two are within the bound');
  });
});
