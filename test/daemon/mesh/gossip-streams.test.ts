import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { keepStreams } from '../../../src/daemon/mesh/testing.ts';

interface Rpc {
  subscriptions: unknown[];
  messages: { data: Uint8Array }[];
  control?: unknown;
}

/** Gossipsub and libp2p reduced to what keeping streams touches. */
function create() {
  const did: string[] = [];
  const streamsOutbound = new Map<string, unknown>();
  const peerStats = new Map<
    string,
    { connected: boolean; expire: number; knownIPs: Set<string> }
  >();
  const score = {
    peerStats,
    scoreCache: new Map<string, unknown>(),
    addPeer: (peer: string) => void did.push(`score ${peer}`),
    removeIPsForPeer: (peer: string, ips: Set<string>) => void did.push(`${[...ips]} of ${peer}`),
  };
  const connections: { status: string; limits?: object; id: string }[] = [];
  const topologies: { [name: string]: (...args: unknown[]) => void }[] = [];
  const rpcs: Rpc[] = [];
  let looks = 0;
  let heartbeat = () => {};
  const registrar = {
    handle: (protocol: string, handler: (...args: unknown[]) => void, options: string) => {
      did.push(`handle ${protocol},${options}`);
      handler('s', { remotePeer: 'r' });
    },
    unhandle: (protocol: string) => did.push(`unhandle ${protocol}`),
    register: (_protocol: string, topology: never) => void topologies.push(topology),
    unregister: (id: string) => did.push(`unregister ${id}`),
  };
  const service = keepStreams(
    ({ registrar: watched }) => {
      const own = watched as unknown as typeof registrar;
      own.handle('p', (stream) => void did.push(`inbound ${stream}`), 'o');
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
        sendRpc: (_peer: string, rpc: Rpc) => {
          rpcs.push(rpc);
          return true;
        },
        addEventListener: (_name: string, listener: () => void) => {
          heartbeat = listener;
        },
      } as never;
    },
    { registrar, connectionManager: { getConnections: () => connections } } as never,
    {
      watch: (peer, stream) => void did.push(`watch ${stream} of ${peer}`),
      look: () => void looks++,
    },
    { charge: (direction, peer, bytes) => void did.push(`${direction} ${peer} ${bytes}`) },
  );
  const [topology] = topologies;
  return {
    did: () => did.splice(0),
    rpcs,
    looks: () => looks,
    streamsOutbound,
    peerStats,
    score,
    connections,
    topology: topology!,
    service,
    beat: () => heartbeat(),
  };
}

/** A stream that no peer reads. */
function outStream() {
  const rawStream = { writeBufferLength: 0, ended: 0, abort: () => void rawStream.ended++ };
  const pushPrefixed = (data: Uint8Array) => {
    rawStream.writeBufferLength += data.length;
  };
  return { rawStream, pushPrefixed };
}

describe('the streams of gossip', () => {
  it('hold at most 32 MiB together for peers that do not read', () => {
    const { streamsOutbound } = create();
    const streams = Array.from({ length: 9 }, outStream);
    for (const [i, stream] of streams.entries()) {
      streamsOutbound.set(`peer ${i}`, stream);
      stream.pushPrefixed(new Uint8Array(4 * 1024 * 1024 - i));
    }
    assert.deepEqual(
      streams.map(({ rawStream }) => rawStream.ended),
      [1, 0, 0, 0, 0, 0, 0, 0, 0],
    );
  });

  it('charge what goes out to the peer that it goes to', () => {
    const { did, streamsOutbound } = create();
    did();
    const [a, b] = [outStream(), outStream()];
    streamsOutbound.set('a', a);
    streamsOutbound.set('b', b);
    b.pushPrefixed(new Uint8Array(3));
    assert.deepEqual(did(), ['upload b 3']);
  });

  it('are opened again at each heartbeat to peers without one, over a usable connection', () => {
    const { did, topology, streamsOutbound, connections, service, beat } = create();
    assert.deepEqual(did().slice(-2), ['unhandle p', 'unregister i']);
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
      streamsOutbound.set('a', outStream());
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

  it('are watched once gossipsub listens, and looked at with each heartbeat', () => {
    const { did, looks, beat } = create();
    assert.deepEqual(did().slice(0, 3), ['handle p,o', 'inbound s', 'watch s of r']);
    beat();
    beat();
    assert.equal(looks(), 2);
  });

  it('carry many messages in several RPCs, in their order, and control in the first', () => {
    const { service, rpcs } = create();
    const messages = Array.from({ length: 10 }, () => ({ data: new Uint8Array(60_000) }));
    const { sendRpc } = service as unknown as { sendRpc(peer: string, rpc: Rpc): boolean };
    assert.equal(sendRpc('a', { subscriptions: ['s'], messages, control: 'c' }), true);
    assert.deepEqual(
      rpcs.map((rpc) => [rpc.subscriptions.length, rpc.messages.length, rpc.control]),
      [
        [1, 3, 'c'],
        [0, 3, undefined],
        [0, 3, undefined],
        [0, 1, undefined],
      ],
    );
    assert.deepEqual(
      rpcs.flatMap((rpc) => rpc.messages),
      messages,
    );
    rpcs.length = 0;
    sendRpc('a', { subscriptions: ['s'], messages: [] });
    assert.equal(rpcs.length, 1, 'an RPC without messages');
  });

  it('keep the score of a peer that reconnects', () => {
    const { did, score, peerStats } = create();
    did();
    score.addPeer('a');
    assert.deepEqual(did(), ['score a']);
    const stats = { connected: false, expire: 5, knownIPs: new Set<string>(), penalty: 7 };
    peerStats.set('a', stats);
    score.addPeer('a');
    assert.deepEqual([did(), stats], [[], { ...stats, connected: true, expire: 0 }]);
  });

  it('keep 512 scores of peers that are gone, those of connected peers, and no cached one without a peer', () => {
    const { did, score, peerStats } = create();
    const add = (peer: string, connected: boolean) => {
      peerStats.set(peer, { connected, expire: 0, knownIPs: new Set([`ip-${peer}`]) });
      score.scoreCache.set(peer, 0);
    };
    add('here', true);
    for (let i = 0; i < 513; i++) add(`${i}`, false);
    score.scoreCache.set('nobody', 0);
    did();
    for (let round = 0; round < 2; round++) score.addPeer('new');
    assert.deepEqual(did(), ['score new', 'ip-0 of 0', 'score new']);
    assert.deepEqual([peerStats.size, score.scoreCache.size], [513, 513]);
    assert.ok(peerStats.has('here') && !peerStats.has('0') && peerStats.has('1'));
  });
});
