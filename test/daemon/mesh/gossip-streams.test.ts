import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { keepStreams } from '../../../src/daemon/mesh/testing.ts';

/** Gossipsub and libp2p reduced to what keeping streams touches. */
function create() {
  const did: string[] = [];
  const streamsOutbound = new Map<string, unknown>();
  const peerStats = new Map<string, { connected: boolean; expire: number }>();
  const score = { peerStats, addPeer: (peer: string) => void did.push(`score ${peer}`) };
  const connections: { status: string; limits?: object; id: string }[] = [];
  const topologies: { [name: string]: (...args: unknown[]) => void }[] = [];
  let heartbeat = () => {};
  const registrar = {
    handle: (...args: unknown[]) => did.push(`handle ${args.join()}`),
    unhandle: (protocol: string) => did.push(`unhandle ${protocol}`),
    register: (_protocol: string, topology: never) => void topologies.push(topology),
    unregister: (id: string) => did.push(`unregister ${id}`),
  };
  const service = keepStreams(
    ({ registrar: watched }) => {
      const own = watched as unknown as typeof registrar;
      own.handle('p', 'h', 'o');
      own.unhandle('p');
      own.unregister('i');
      own.register('p', {
        notifyOnLimitedConnection: false,
        onConnect: (peer: string, connection: { id: string }) =>
          did.push(`connect ${peer} over ${connection.id}`),
        onDisconnect: (peer: string) => did.push(`disconnect ${peer}`),
      } as never);
      return {
        streamsOutbound,
        score,
        addEventListener: (_name: string, listener: () => void) => {
          heartbeat = listener;
        },
      } as never;
    },
    { registrar, connectionManager: { getConnections: () => connections } } as never,
  );
  const [topology] = topologies;
  return {
    did: () => did.splice(0),
    streamsOutbound,
    peerStats,
    score,
    connections,
    topology: topology!,
    service,
    beat: () => heartbeat(),
  };
}

describe('the streams of gossip', () => {
  it('are opened again at each heartbeat to peers without one, over a usable connection', () => {
    const { did, topology, streamsOutbound, connections, service, beat } = create();
    assert.deepEqual(did(), ['handle p,h,o', 'unhandle p', 'unregister i']);
    topology.onConnect!('a', { id: 'first' });
    assert.deepEqual(did(), ['connect a over first']);
    assert.equal(
      (topology as { notifyOnLimitedConnection?: unknown }).notifyOnLimitedConnection,
      false,
    );
    beat();
    assert.deepEqual(did(), [], 'no connection, no stream');
    connections.push({ id: 'closing', status: 'closing' });
    connections.push({ id: 'limited', status: 'open', limits: {} });
    beat();
    assert.deepEqual(did(), []);
    connections.push({ id: 'good', status: 'open' });
    for (let round = 0; round < 2; round++) {
      assert.equal(service.sendsTo('a'), false);
      beat();
      assert.deepEqual(did(), ['connect a over good'], `round ${round}`);
      streamsOutbound.set('a', {});
      assert.equal(service.sendsTo('a'), true);
      beat();
      assert.deepEqual(did(), []);
      streamsOutbound.delete('a');
    }
    topology.onDisconnect!('a');
    assert.deepEqual(did(), ['disconnect a']);
    beat();
    assert.deepEqual(did(), [], 'a peer that is gone is left alone');
  });

  it('keep the score of a peer that reconnects', () => {
    const { did, score, peerStats } = create();
    did();
    score.addPeer('a');
    assert.deepEqual(did(), ['score a']);
    const stats = { connected: false, expire: 5, penalty: 7 };
    peerStats.set('a', stats);
    score.addPeer('a');
    assert.deepEqual([did(), stats], [[], { connected: true, expire: 0, penalty: 7 }]);
  });
});
