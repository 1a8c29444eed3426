import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { TopicValidatorResult } from '@libp2p/gossipsub';
import type { Connection, PeerId, StreamHandler } from '@libp2p/interface';
import { peerIdFromString } from '@libp2p/peer-id';
import {
  type Channel,
  type GossipAdmission,
  type GossipArrival,
  type GossipVerdict,
  ProtocolError,
} from '../../../src/protocol/index.ts';
import { asLibp2pService } from '../../../src/protocol/libp2p/index.ts';
import { TopologyWatch } from '../../../src/protocol/libp2p/testing.ts';
import {
  type Libp2pComponents,
  libp2pGossip,
  libp2pNetwork,
  type Pubsub,
} from '../../../src/protocol/libp2p.ts';
import { toProtocolError } from '../../../src/protocol/network/index.ts';
import { byNow } from '../../support/by-now.ts';
import { settle } from '../../support/clock.ts';
import { HandStream } from '../../support/hand-stream.ts';

const SELF = '12D3KooWEChVMMMzV8acJ53mJHrw1pQ27UAGkCxWXLJutbeUMvVu';
const NEAR = '12D3KooWLV3w42LqUb9MWE7oTzG7vwaFjPw9GvDqmsuDif5chTn9';
const FAR = '12D3KooWRBhwfeP2Y4TCx1SM6s9rUoHhR5STiGwxBhgFRcw3UERE';

const connectionOf = (peer: string, more: object = {}) =>
  ({ status: 'open', remotePeer: peerIdFromString(peer), ...more }) as unknown as Connection & {
    status: string;
  };

describe('TopologyWatch', () => {
  function watching() {
    const told: string[] = [];
    const watch = new TopologyWatch({
      connected: (peer) => void told.push(`+${peer.slice(-3)}`),
      disconnected: (peer) => void told.push(`-${peer.slice(-3)}`),
    });
    return { told, watch };
  }
  const peer = peerIdFromString(NEAR);

  it('reports a peer once, however many connections it has, time after time', () => {
    const { told, watch } = watching();
    for (const _ of [1, 2]) {
      const [one, two] = [connectionOf(NEAR), connectionOf(NEAR)];
      watch.onConnect(peer, one);
      watch.onConnect(peer, two);
      watch.onDisconnect(peer);
      assert.deepEqual(told, ['+Tn9'], 'its connection is open still');
      one.status = 'closed';
      watch.onDisconnect(peer);
      watch.onDisconnect(peer);
      assert.deepEqual(told.splice(0), ['+Tn9', '-Tn9']);
    }
  });

  it('reports a peer that left and returned before libp2p said so', () => {
    const { told, watch } = watching();
    const first = connectionOf(NEAR);
    watch.onConnect(peer, first);
    first.status = 'closed';
    watch.onConnect(peer, connectionOf(NEAR));
    watch.onDisconnect(peer);
    assert.deepEqual(told, ['+Tn9', '-Tn9', '+Tn9']);
  });

  it('reports no peer that has already left, and none after a stop', () => {
    const { told, watch } = watching();
    watch.onConnect(peer, connectionOf(NEAR, { status: 'closed' }));
    assert.deepEqual(told, []);
    const connection = connectionOf(NEAR);
    watch.onConnect(peer, connection);
    watch.stop();
    connection.status = 'closed';
    watch.onDisconnect(peer);
    watch.onConnect(peerIdFromString(FAR), connectionOf(FAR));
    assert.deepEqual(told, ['+Tn9']);
  });
});

describe('libp2pNetwork: inbound streams', () => {
  async function serving(maxInbound?: number) {
    const handlers: { handler: StreamHandler; maxInboundStreams: number | undefined }[] = [];
    const removed: string[] = [];
    const network = libp2pNetwork({
      peerId: peerIdFromString(SELF),
      registrar: {
        handle: async (_: string, handler: StreamHandler, init?: { maxInboundStreams?: number }) =>
          void handlers.push({ handler, maxInboundStreams: init?.maxInboundStreams }),
        unhandle: async (protocol: string) => void removed.push(protocol),
      },
    } as unknown as Libp2pComponents);
    const ends: PromiseWithResolvers<void>[] = [];
    const channels: Channel[] = [];
    const init = maxInbound === undefined ? {} : { maxInbound };
    const handler = (channel: Channel) => {
      channels.push(channel);
      const end = Promise.withResolvers<void>();
      ends.push(end);
      channel.broken.addEventListener('abort', () => end.resolve());
      if (channel.broken.aborted) end.resolve();
      return end.promise;
    };
    await network.handle('/x', handler, { maxFrameBytes: 9, ...init });
    const come = (peer: string, stream = new HandStream()): HandStream => {
      handlers[0]!.handler(stream, connectionOf(peer));
      return stream;
    };
    return { network, handlers, removed, come, channels, ends };
  }

  it('are limited for each peer, and a closed one makes room, round after round', async () => {
    const { come, channels, handlers } = await serving(2);
    assert.equal(handlers[0]!.maxInboundStreams, 2);
    let open = [come(NEAR), come(NEAR)];
    for (const round of [1, 2]) {
      assert.deepEqual(come(NEAR).told, ['reset'], `round ${round}: a third is refused`);
      open[0]!.onRemoteReset();
      await settle();
      const next = come(NEAR);
      assert.deepEqual(next.told, [], `round ${round}: a closed one keeps its place`);
      open = [open[1]!, next];
    }
    for (const stream of open) stream.onRemoteReset();
    await settle();
    const again = [come(NEAR), come(NEAR), come(NEAR)].map(({ told }) => told.length);
    assert.deepEqual(again, [0, 0, 1]);
    assert.deepEqual(come(FAR).told, [], 'another peer has places of its own');
    assert.deepEqual([channels[0]!.peer, channels.at(-1)!.peer], [NEAR, FAR]);
  });

  it('are limited to one by default, and dead ones take no place', async () => {
    const { come, handlers, channels } = await serving();
    assert.equal(handlers[0]!.maxInboundStreams, 1);
    for (const _ of [1, 2]) {
      const dead = new HandStream();
      dead.onRemoteReset();
      come(NEAR, dead);
      await settle();
    }
    assert.deepEqual(come(NEAR).told, []);
    assert.equal(channels.length, 3);
    assert.deepEqual(come(NEAR).told, ['reset']);
  });

  it('are aborted when their handler ends or fails, and not earlier', async () => {
    const { come, ends, channels } = await serving(3);
    const [left, failed] = [come(NEAR), come(NEAR)];
    await settle();
    assert.deepEqual([left.told, failed.told], [[], []]);
    ends[0]!.resolve();
    ends[1]!.reject(new ProtocolError('BUSY', 'no'));
    await settle();
    assert.deepEqual([left.told, failed.told], [['reset'], ['reset']]);
    await assert.rejects(byNow(channels[0]!.receive(), 'it waits'), { code: 'ABORTED' });
    await assert.rejects(byNow(channels[1]!.receive(), 'it waits'), { code: 'BUSY' });
  });

  it('are refused once the protocol is unregistered', async () => {
    const { network, removed } = await serving();
    await network.unhandle('/x');
    assert.deepEqual(removed, ['/x']);
    assert.equal(network.self, SELF);
  });
});

describe('libp2pNetwork: opening', () => {
  function opening(...connections: Connection[]) {
    return libp2pNetwork({
      peerId: peerIdFromString(SELF),
      connectionManager: {
        getConnections: (peer?: PeerId) =>
          connections.filter(({ remotePeer }) => peer === undefined || remotePeer.equals(peer)),
      },
    } as unknown as Libp2pComponents);
  }
  const INIT = { maxFrameBytes: 9 };

  it('uses a connection that is open and has no limits', async () => {
    const taken: string[] = [];
    const newStream = (name: string) => async () => {
      taken.push(name);
      return new HandStream();
    };
    const closed = connectionOf(NEAR, { status: 'closed', newStream: newStream('closed') });
    const limited = connectionOf(NEAR, { limits: {}, newStream: newStream('limited') });
    const good = connectionOf(NEAR, { newStream: newStream('good') });
    const channel = await opening(closed, limited, good).open(NEAR, '/x', INIT);
    assert.deepEqual([taken, channel.peer], [['good'], NEAR]);
    const none = opening(closed, limited);
    await assert.rejects(none.open(NEAR, '/x', INIT), { code: 'UNKNOWN_PEER' });
    await assert.rejects(none.open('nobody', '/x', INIT), { code: 'UNKNOWN_PEER' });
  });

  it('aborts a stream that opens after the call-off, with the given reason', async () => {
    const stream = new HandStream();
    const abort = new AbortController();
    const reason = new ProtocolError('TIMEOUT', 'too late');
    const network = opening(
      connectionOf(NEAR, {
        newStream: async () => {
          abort.abort(reason);
          return stream;
        },
      }),
    );
    const { signal } = abort;
    await assert.rejects(network.open(NEAR, '/x', { ...INIT, signal }), reason);
    assert.deepEqual(stream.told, ['reset']);
    const asked = opening(connectionOf(NEAR, { newStream: () => assert.fail('asked') }));
    await assert.rejects(asked.open(NEAR, '/x', { ...INIT, signal }), reason);
  });

  it('maps errors of libp2p to our codes', async () => {
    const failing = (name: string) =>
      opening(
        connectionOf(NEAR, {
          newStream: () => Promise.reject(Object.assign(new Error('of libp2p'), { name })),
        }),
      ).open(NEAR, '/x', INIT);
    for (const [name, code] of Object.entries({
      AbortError: 'ABORTED',
      TimeoutError: 'TIMEOUT',
      UnsupportedProtocolError: 'UNSUPPORTED_PROTOCOL',
      TooManyOutboundProtocolStreamsError: 'BUSY',
      TooManyInboundProtocolStreamsError: 'BUSY',
      StreamStateError: 'STREAM_CLOSED',
      StreamClosedError: 'STREAM_CLOSED',
      Other: 'STREAM_FAILED',
    })) {
      await assert.rejects(failing(name), { code }, name);
    }
    assert.equal(toProtocolError('text', 'cannot').message, 'cannot: text');
  });
});

describe('libp2pNetwork: watching', () => {
  it('reports connected peers that speak the protocol, and unregisters when it stops', async () => {
    const unregistered: string[] = [];
    const network = libp2pNetwork({
      peerId: peerIdFromString(SELF),
      registrar: {
        register: async () => 'id',
        unregister: (id: string) => void unregistered.push(id),
      },
      connectionManager: { getConnections: () => [SELF, NEAR, FAR].map((p) => connectionOf(p)) },
      peerStore: {
        get: async (peer: PeerId) => {
          if (peer.toString() === SELF) throw new Error('unknown');
          return { protocols: peer.toString() === NEAR ? ['/x', '/y'] : ['/y'] };
        },
      },
    } as unknown as Libp2pComponents);
    const told: string[] = [];
    const watcher = { connected: (peer: string) => void told.push(peer), disconnected() {} };
    const stop = await network.watch('/x', watcher);
    assert.deepEqual(told, [NEAR]);
    stop();
    assert.deepEqual(unregistered, ['id']);
  });
});

describe('libp2pGossip', () => {
  function gossiping(more: Partial<Pubsub> = {}) {
    const topics = new Set<string>();
    const pubsub = {
      topicValidators: new Map(),
      subscribe: (topic: string) => void topics.add(topic),
      unsubscribe: (topic: string) => void topics.delete(topic),
      getSubscribers: (topic: string) => (topic === 't' ? [peerIdFromString(NEAR)] : []),
      publish: async () => ({ recipients: [NEAR, FAR] }),
      ...more,
    } as unknown as Pubsub;
    return { gossip: libp2pGossip({ self: peerIdFromString(SELF), pubsub }), pubsub, topics };
  }

  it('passes on the verdict on each message, and rejects an unsigned one', async () => {
    const { gossip, pubsub, topics } = gossiping();
    assert.equal(gossip.self, SELF);
    let verdict: GossipVerdict = 'accept';
    const heard: unknown[] = [];
    const data = Uint8Array.of(7);
    const leave = gossip.subscribe('t', (message) => {
      heard.push(message);
      return verdict;
    });
    const validator = pubsub.topicValidators.get('t')!;
    const say = (type: string) =>
      validator(peerIdFromString(NEAR), {
        type,
        from: peerIdFromString(FAR),
        data,
        topic: 't',
      } as never);
    for (const [given, result] of [
      ['accept', TopicValidatorResult.Accept],
      ['ignore', TopicValidatorResult.Ignore],
      ['reject', TopicValidatorResult.Reject],
    ] as const) {
      verdict = given;
      assert.equal(await say('signed'), result);
    }
    assert.deepEqual(heard[0], { publisher: FAR, from: NEAR, data });
    verdict = 'accept';
    assert.equal(await say('unsigned'), TopicValidatorResult.Reject);
    assert.equal(heard.length, 3);
    assert.deepEqual([...topics], ['t']);
    leave();
    assert.deepEqual([topics.size, pubsub.topicValidators.size], [0, 0]);
  });

  it('asks for admission where messages arrive, or else before its verdict', async () => {
    for (const admissions of [undefined, new Map<string, GossipAdmission>()]) {
      const { gossip, pubsub } = gossiping(admissions === undefined ? {} : { admissions });
      const arrivals: GossipArrival[] = [];
      const admits = (arrival: GossipArrival) => arrivals.push(arrival) > 1;
      const leave = gossip.subscribe('t', () => 'accept', admits);
      const message = { type: 'signed', from: peerIdFromString(FAR), data: new Uint8Array(7) };
      const say = () => pubsub.topicValidators.get('t')!(peerIdFromString(NEAR), message as never);
      const verdicts = [await say(), await say()];
      const { Accept, Ignore } = TopicValidatorResult;
      const late = admissions === undefined;
      assert.deepEqual(verdicts, late ? [Ignore, Accept] : [Accept, Accept]);
      assert.deepEqual(arrivals[0], late ? { from: NEAR, bytes: 7, copy: false } : undefined);
      assert.equal(admissions?.get('t'), late ? undefined : admits);
      leave();
      assert.equal(admissions?.size ?? 0, 0);
    }
  });

  it('counts the receivers of a message, and says why there are none', async () => {
    assert.equal(await gossiping().gossip.publish('t', new Uint8Array(1)), 2);
    const publish = () => Promise.reject(new Error('no peers'));
    const { gossip } = gossiping({ publish });
    await assert.rejects(gossip.publish('t', new Uint8Array(1)), {
      code: 'STREAM_FAILED',
      message: 'cannot publish: no peers',
    });
  });

  it('hands gossipsub no message that no peer listens for', async () => {
    let published = 0;
    const { gossip } = gossiping({
      publish: async () => {
        published++;
        return { recipients: [] };
      },
    });
    assert.equal(await gossip.publish('other', new Uint8Array(1)), 0);
    assert.equal(published, 0);
    await gossip.publish('t', new Uint8Array(1));
    assert.equal(published, 1);
  });

  it('reaches a subscribed peer that a message would go to now', () => {
    const all = gossiping().gossip;
    assert.deepEqual(
      [all.reaches('t', NEAR), all.reaches('t', FAR), all.reaches('u', NEAR)],
      [true, false, false],
    );
    assert.equal(all.copies('t'), 0);
    const none = gossiping({ sendsTo: () => false, copies: () => 9 }).gossip;
    assert.deepEqual([none.reaches('t', NEAR), none.copies('t')], [false, 9]);
    const every = gossiping({ sendsTo: () => true }).gossip;
    assert.deepEqual([every.reaches('t', NEAR), every.reaches('t', FAR)], [true, false]);
  });
});

describe('asLibp2pService', () => {
  it('names the service, and has it wait for identify', () => {
    const service = asLibp2pService({ own: 1 }, 'rangemesh/x') as Record<string | symbol, unknown>;
    assert.equal(service.own, 1);
    assert.equal(service[Symbol.toStringTag], 'rangemesh/x');
    const values = Object.getOwnPropertySymbols(service).map((symbol) => service[symbol]);
    assert.deepEqual(values.slice(1), [['rangemesh/x'], ['@libp2p/identify']]);
  });
});
