import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Notices } from '../../../src/daemon/mesh/index.ts';
import {
  Connections,
  type ConnectionsInit,
  PeerTroubles,
} from '../../../src/daemon/mesh/testing.ts';
import { settle, VirtualClock } from '../../support/clock.ts';
import { Log } from './log.ts';

const OURS = '/rangemesh/n/native/2';

/** Connections over a libp2p that does nothing but tell of what the test does. */
class Fakes {
  readonly clock = new VirtualClock();
  readonly log = new Log('debug', this.clock);
  readonly notices = new Notices({ clock: this.clock, logger: this.log.logger });
  /** Whether peers share a dialect with this node. */
  speakers = true;
  readonly troubles = new PeerTroubles(this);
  /** What watchers were told. */
  readonly told: string[] = [];
  readonly connections: Connections;
  /** Peers that take part in gossip. */
  readonly hearing = new Set<string>();
  readonly #listeners = new Map<string, (event: { detail: unknown }) => void>();
  #ids = 0;

  constructor(self = 'self') {
    this.connections = new Connections({
      libp2p: {
        peerId: self,
        addEventListener: (name: string, listener: (event: { detail: unknown }) => void) =>
          void this.#listeners.set(name, listener),
      } as unknown as ConnectionsInit['libp2p'],
      clock: this.clock,
      logger: this.log.logger,
      notices: this.notices,
      ours: (protocols) => protocols.includes(OURS),
      hears: (peer) => this.hearing.has(peer),
      speaks: (protocols) => this.speakers && protocols.includes(OURS),
      troubles: this.troubles,
      identifyTimeoutMs: 1_000,
      strangerMs: 5_000,
      twinMs: 30_000,
      twinProtocol: '/rangemesh/n/twin/1',
    });
  }

  watch() {
    return this.connections.watch({
      connected: (peer) => this.told.push(`+${peer}`),
      disconnected: (peer) => this.told.push(`-${peer}`),
    });
  }

  open(peer: string, direction: 'inbound' | 'outbound' = 'inbound', status = 'open') {
    const id = `${this.#ids++}`;
    const connection = {
      id,
      remotePeer: peer,
      remoteAddr: `at ${id}`,
      direction,
      status,
      streams: [],
      timeline: { open: this.clock.monotonic() },
      ended: '',
      failing: false,
      async close() {
        if (connection.failing) throw new Error('stuck');
        connection.ended = 'closed';
      },
      abort(error: Error) {
        connection.ended = error.message;
      },
    };
    this.#say('connection:open', connection);
    return connection;
  }

  identify(connection: object, ...protocols: string[]) {
    this.#say('peer:identify', { connection, protocols });
  }

  /** Which of several running nodes with one identity it is. */
  identifyAs(run: string, connection: object) {
    const agentVersion = `rangemesh/1 run/${run}`;
    this.#say('peer:identify', { connection, protocols: [OURS], agentVersion });
  }

  close(connection: object) {
    this.#say('connection:close', connection);
  }

  settled(connection: object) {
    return this.connections.settled(connection as never);
  }

  #say(name: string, detail: unknown) {
    this.#listeners.get(name)!({ detail });
  }
}

describe('a connection', () => {
  it('counts once the peer has identified itself, repeatedly', async () => {
    const fakes = new Fakes();
    const { connections } = fakes;
    fakes.watch();
    for (let round = 0; round < 2; round++) {
      const connection = fakes.open('p');
      assert.deepEqual([connections.connected('p'), connections.count('p')], [false, 1]);
      assert.deepEqual([[...connections.peers], [...connections.ours]], [[], []]);
      const settled = fakes.settled(connection);
      fakes.identify(connection, OURS);
      assert.equal(await settled, 'established');
      assert.equal(await fakes.settled(connection), 'established');
      assert.equal(connections.connected('p'), true);
      assert.deepEqual([...connections.peers], [['p', `at ${connection.id}`]]);
      assert.deepEqual([...connections.ours], ['p']);
      await fakes.clock.advance(5_000);
      assert.equal(connection.ended, '', 'the time for identifying itself is over, and it has');
      fakes.close(connection);
      assert.deepEqual([connections.connected('p'), connections.count('p')], [false, 0]);
      assert.equal(await fakes.settled(connection), 'closed');
    }
    assert.deepEqual(fakes.told, ['+p', '-p', '+p', '-p']);
    assert.equal(fakes.clock.pending, 0);
  });

  it('belongs to our network while the peer says so', () => {
    const fakes = new Fakes();
    const connection = fakes.open('p');
    fakes.identify(connection, '/other/1');
    assert.deepEqual([...fakes.connections.ours], []);
    fakes.identify(connection, '/other/1', OURS);
    assert.deepEqual([...fakes.connections.ours], ['p']);
    fakes.identify(connection);
    assert.deepEqual([...fakes.connections.ours], []);
  });

  it('is one of several to a peer, which goes with the last', () => {
    const fakes = new Fakes();
    const unwatch = fakes.watch();
    const [first, second, other] = [fakes.open('p'), fakes.open('p'), fakes.open('q')];
    for (const connection of [first, second, other]) fakes.identify(connection, OURS);
    assert.equal(fakes.connections.count('p'), 2);
    fakes.close(first);
    assert.equal(fakes.connections.connected('p'), true);
    fakes.close(second);
    assert.deepEqual(fakes.told, ['+p', '+q', '-p']);
    unwatch();
    fakes.close(other);
    assert.equal(fakes.told.length, 3, 'who unwatches is told no more');
  });

  it('that stays silent up to the limit is dropped, and logged where it is inbound', async () => {
    const fakes = new Fakes();
    fakes.watch();
    const [inbound, outbound] = [fakes.open('in'), fakes.open('out', 'outbound')];
    const settled = Promise.all([fakes.settled(inbound), fakes.settled(outbound)]);
    await fakes.clock.advance(999);
    assert.deepEqual([inbound.ended, outbound.ended], ['', '']);
    await fakes.clock.advance(1);
    assert.deepEqual(await settled, ['silent', 'silent']);
    for (const { ended } of [inbound, outbound]) assert.match(ended, /did not identify itself/);
    assert.deepEqual([fakes.connections.count('in'), fakes.connections.count('out')], [0, 0]);
    for (const connection of [inbound, outbound]) {
      fakes.identify(connection, OURS);
      fakes.close(connection);
    }
    assert.deepEqual(
      fakes.log.lines.map(({ code, peer, address }) => [code, peer, address]),
      [['PEER_SILENT', 'in', 'at 0']],
    );
    assert.deepEqual(fakes.told, []);
  });

  it('that ends right after the handshake is reported as refused, unless another exists', async () => {
    const fakes = new Fakes();
    const outbound = fakes.open('out', 'outbound');
    const settled = fakes.settled(outbound);
    fakes.close(outbound);
    assert.equal(await settled, 'closed');
    assert.deepEqual(fakes.log.with('PEER_REFUSED'), [], 'the dialler tells of it');
    const [kept, surplus] = [fakes.open('p'), fakes.open('p')];
    fakes.identify(kept, OURS);
    fakes.close(surplus);
    assert.deepEqual(fakes.log.with('PEER_REFUSED'), []);
    fakes.close(fakes.open('q'));
    const [line] = fakes.log.with('PEER_REFUSED');
    assert.deepEqual([line!.level, line!.peer], ['warn', 'q']);
    assert.match(line!.msg, /does not list our peer id self/);
    assert.equal(fakes.clock.pending, 0);
  });

  it('is reported again after the peer was connected', () => {
    const fakes = new Fakes();
    const refused = () => fakes.close(fakes.open('p'));
    refused();
    refused();
    assert.equal(fakes.log.with('PEER_REFUSED').length, 1);
    const connection = fakes.open('p');
    fakes.identify(connection, OURS);
    fakes.close(connection);
    refused();
    assert.equal(fakes.log.with('PEER_REFUSED').length, 2);
  });

  it('that has closed before its event is ignored', () => {
    const fakes = new Fakes();
    fakes.open('p', 'inbound', 'closing');
    assert.deepEqual([fakes.connections.count('p'), fakes.clock.pending], [0, 0]);
  });
});

describe('connections to a peer', () => {
  it('are all closed, or aborted where they do not close, and those of others stay', async () => {
    const fakes = new Fakes();
    const [first, stuck, other] = [fakes.open('p'), fakes.open('p'), fakes.open('q')];
    stuck.failing = true;
    await fakes.connections.close('p');
    assert.deepEqual([first.ended, stuck.ended, other.ended], ['closed', 'stuck', '']);
  });

  it('are dropped but for one when both sides dialled, by the side that dialled the surplus', async () => {
    // The connection that the lower id dialled is kept.
    for (const [self, surplus] of [
      ['z', 'outbound'],
      ['a', 'none'],
    ] as const) {
      const fakes = new Fakes(self);
      const both = [fakes.open('p', 'inbound'), fakes.open('p', 'outbound')];
      for (const connection of both) fakes.identify(connection, OURS);
      await fakes.clock.advance(1_000);
      const closed = both.filter(({ ended }) => ended === 'closed');
      assert.deepEqual(
        closed.map(({ direction }) => direction),
        surplus === 'none' ? [] : [surplus],
        `we are ${self}`,
      );
    }
  });

  it('are no surplus beside one that has not identified itself yet', async () => {
    const fakes = new Fakes('z');
    const [fresh, outbound] = [fakes.open('p', 'inbound'), fakes.open('p', 'outbound')];
    fakes.identify(outbound, OURS);
    await fakes.clock.advance(900);
    assert.equal(fakes.clock.pending, 1, 'the time of the fresh one to identify itself alone');
    fakes.identify(fresh, OURS);
    await fakes.clock.advance(1_000);
    assert.equal(outbound.ended, 'closed');
  });

  it('that end by themselves are not checked again', async () => {
    const fakes = new Fakes('z');
    const both = [fakes.open('p', 'inbound'), fakes.open('p', 'outbound')];
    for (const connection of both) fakes.identify(connection, OURS);
    assert.equal(fakes.clock.pending, 1);
    fakes.close(both[1]!);
    assert.equal(fakes.clock.pending, 0);
  });

  it('end silently after a stop, and new ones are refused', async () => {
    const fakes = new Fakes();
    const connection = fakes.open('p');
    fakes.connections.stop();
    assert.equal(fakes.clock.pending, 0);
    fakes.close(connection);
    fakes.open('q');
    await settle();
    assert.deepEqual([fakes.log.lines, fakes.connections.count('q')], [[], 0]);
  });

  it('of two nodes with one identity are told of until one of these nodes has none', async () => {
    const fakes = new Fakes();
    const [one, two, more] = [fakes.open('p'), fakes.open('p'), fakes.open('p')];
    fakes.identifyAs('a'.repeat(16), one);
    fakes.identifyAs('b'.repeat(16), two);
    fakes.identifyAs('b'.repeat(16), more);
    await fakes.clock.advance(30_000);
    const trouble = () => fakes.troubles.of('p')?.code;
    assert.equal(trouble(), 'SAME_IDENTITY');
    fakes.close(more);
    fakes.close(fakes.open('p'));
    assert.equal(trouble(), 'SAME_IDENTITY', 'both nodes are there');
    fakes.close(one);
    assert.equal(trouble(), undefined);
    fakes.connections.stop();
  });

  it('of a stranger that comes again and again are one line, until it is none any more', async () => {
    const fakes = new Fakes();
    const visit = async (...protocols: string[]) => {
      const connection = fakes.open('p', 'outbound');
      fakes.identify(connection, ...protocols);
      await fakes.clock.advance(5_000);
      fakes.close(connection);
      return fakes.log.with('PEER_OF_OTHER_NETWORK').filter(({ level }) => level === 'warn').length;
    };
    assert.deepEqual([await visit(), await visit(), await visit(OURS)], [1, 1, 1]);
    assert.equal(await visit(), 2);
    fakes.connections.stop();
  });

  it('of a peer without a common dialect stay, and the peer is told of', async () => {
    const fakes = new Fakes();
    const connection = fakes.open('p');
    fakes.speakers = false;
    fakes.identify(connection, OURS);
    await fakes.clock.advance(5_000);
    assert.equal(fakes.troubles.of('p')?.code, 'NO_COMMON_DIALECT');
    assert.match(fakes.log.with('NO_COMMON_DIALECT')[0]!.msg, /sync\.dialect/);
    assert.equal(fakes.connections.connected('p'), true);
    fakes.speakers = true;
    fakes.identify(connection, OURS);
    assert.equal(fakes.troubles.of('p'), null);
    fakes.connections.stop();
  });
});
