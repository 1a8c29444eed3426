import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Connection } from '@libp2p/interface';
import { multiaddr } from '@multiformats/multiaddr';
import { DaemonError } from '../../../../src/daemon/index.ts';
import { libp2pDial, observed } from '../../../../src/daemon/mesh/dialling/index.ts';
import { HandshakeError } from '../../../../src/daemon/mesh/dialling/testing.ts';
import type { Connections } from '../../../../src/daemon/mesh/index.ts';
import { Notices } from '../../../../src/daemon/mesh/index.ts';
import { DEFAULT_MESH_OPTIONS } from '../../../../src/daemon/mesh/options.ts';
import type { ConnectionOutcome } from '../../../../src/daemon/mesh/testing.ts';
import { AccessList, createGater, inboundFailures } from '../../../../src/daemon/mesh/testing.ts';
import { VirtualClock } from '../../../support/clock.ts';
import { Log } from '../log.ts';

const named = (name: string, message = name) => Object.assign(new Error(message), { name });
const ADDRESS = '/ip4/192.0.2.1/tcp/1';

function noting() {
  const clock = new VirtualClock();
  const log = new Log('debug', clock);
  return { log, notices: new Notices({ clock, logger: log.logger }) };
}

describe('a dial', () => {
  /** What comes of a dial for which libp2p has the given answer. */
  function dial(
    answer: Error | ConnectionOutcome,
    { mode = 'open' as const, connected = false, met = true } = {},
  ) {
    const dialler = libp2pDial({
      libp2p: {
        peerId: 'self',
        dial: async () => {
          if (answer instanceof Error) throw answer;
          return { remotePeer: 'p' } as unknown as Connection;
        },
      } as never,
      connections: {
        settled: async () => answer,
        connected: () => connected,
      } as unknown as Connections,
      mode: mode as 'open',
      brought: () => false,
      meetings: { during: (run) => run(async () => met) },
    });
    return dialler.dial(ADDRESS, new AbortController().signal);
  }

  it('resolves with the peer that is connected, though this connection may have ended', async () => {
    assert.equal(await dial('established'), 'p');
    assert.equal(await dial('closed', { connected: true }), 'p');
    await assert.rejects(dial('closed'), {
      code: 'PEER_REFUSED',
      message: /does not list our peer id self/,
    });
    await assert.rejects(dial('silent'), {
      code: 'PEER_SILENT',
      message: /did not identify itself/,
    });
  });

  it('to this node itself is recognised by each of its signs', async () => {
    for (const error of [
      named('InvalidPeerIdError'),
      named('DialError', 'Tried to dial self'),
      new HandshakeError(named('InvalidPeerIdError'), true),
      new AggregateError([new HandshakeError(named('InvalidPeerIdError'), true)]),
    ])
      assert.equal(await dial(error), 'self');
  });

  it('to another node with the identity of this one is told as such', async () => {
    const error = new HandshakeError(named('InvalidPeerIdError'), true);
    await assert.rejects(dial(error, { met: false }), {
      code: 'SAME_IDENTITY',
      message: /has the identity of this node, self/,
    });
    assert.equal(await dial(named('DialError', 'Tried to dial self'), { met: false }), 'self');
  });

  it('that fails reports its reason, a handshake error first', async () => {
    const cases: [Error, string, RegExp][] = [
      [named('Error', 'ECONNREFUSED'), 'DIAL_FAILED', /: ECONNREFUSED\. Check that a node runs/],
      [
        named('Error', 'connection error 192.0.2.1:4001: connect ECONNREFUSED 192.0.2.1:4001'),
        'DIAL_FAILED',
        /: ECONNREFUSED\. Check that a node runs/,
      ],
      [named('Error', 'connect ECONNRESET'), 'PEER_FULL', /before it said anything/],
      [named('AbortError'), 'DIAL_FAILED', /it did not answer in time/],
      [named('TimeoutError'), 'DIAL_FAILED', /it did not answer in time/],
      [
        new HandshakeError(named('ConnectionClosedError'), true),
        'PEER_REFUSED',
        /right after the handshake/,
      ],
      [
        new HandshakeError(named('X', 'eof'), true),
        'HANDSHAKE_FAILED',
        /\(eof\): it probably has a pre-shared key/,
      ],
      [new HandshakeError(named('X', 'eof'), false), 'PEER_FULL', /before it said anything/],
      [new HandshakeError(named('AbortError'), false), 'PEER_SILENT', /overloaded or stopped/],
      [
        new HandshakeError(
          named('X', 'identity key abc does not match expected identity key x'),
          true,
        ),
        'OTHER_IDENTITY',
        /is abc, another than the address names/,
      ],
      [
        new AggregateError([named('E', 'first'), new HandshakeError(named('X', 'second'), true)]),
        'HANDSHAKE_FAILED',
        /\(second\)/,
      ],
      [new AggregateError([named('E', 'first'), named('E', 'second')]), 'DIAL_FAILED', /: first/],
      [
        new HandshakeError(new DaemonError('PEER_REFUSED', 'by us'), true),
        'PEER_REFUSED',
        /^by us$/,
      ],
    ];
    for (const [error, code, message] of cases)
      await assert.rejects(dial(error), { code, message });
    for (const [heard, code] of [
      [true, 'WRONG_PRE_SHARED_KEY'],
      [false, 'PEER_REFUSED'],
    ] as const) {
      const psk = dial(new HandshakeError(named('X', 'eof'), heard), { mode: 'psk' as never });
      await assert.rejects(psk, { code, message: /another pre-shared key than this/ });
    }
  });
});

describe('an inbound handshake that fails', () => {
  let isOwnDial = true;

  function told(mode: 'open' | 'psk', ...errors: Error[]) {
    const { log, notices } = noting();
    const isOwn = () => isOwnDial;
    const failed = inboundFailures({ mode, notices, logger: log.logger, isOwnDial: isOwn });
    for (const [i, error] of errors.entries())
      failed(multiaddr(`/ip4/192.0.2.1/tcp/${i + 1}`), error);
    return log.lines.map(({ level, code }) => [level, code]);
  }

  it('is logged with its reason, once for each host', () => {
    const handshake = named('EncryptionFailedError', 'bad');
    assert.deepEqual(told('open', handshake, handshake), [['warn', 'HANDSHAKE_FAILED']]);
    assert.deepEqual(told('psk', handshake, handshake), [['warn', 'WRONG_PRE_SHARED_KEY']]);
    const denied = named('ConnectionDeniedError');
    for (const mode of ['open', 'psk'] as const) {
      assert.deepEqual(told(mode, denied), [['warn', 'TOO_MANY_CONNECTIONS']]);
    }
  });

  it('under the identity of this node is of a twin unless this node dialled itself', () => {
    const own = named('InvalidPeerIdError');
    assert.deepEqual(told('open', own), []);
    isOwnDial = false;
    assert.deepEqual(told('open', own, own), [['warn', 'SAME_IDENTITY']]);
    isOwnDial = true;
  });

  it('is not logged when the gater has logged it, or when the peer sent nothing', () => {
    const said = [named('ConnectionInterceptedError'), named('InvalidPeerIdError')];
    assert.deepEqual(told('open', ...said), []);
    const scan = named('X', 'Unexpected EOF - read 0/1 bytes');
    assert.deepEqual(told('open', scan), [['debug', undefined]]);
    assert.deepEqual(told('psk', named('X', 'nonce')), [['debug', undefined]]);
    const partly = named('X', 'unexpected eof - read 1/1 bytes');
    assert.deepEqual(told('open', partly), [['warn', 'HANDSHAKE_FAILED']]);
  });
});

describe('upgrades of connections', () => {
  it('are watched in both directions, and others pass unchanged', async () => {
    const seen: string[] = [];
    let failure: Error | null = null;
    const upgrader = {
      upgradeInbound: async () => {
        if (failure !== null) throw failure;
      },
      upgradeOutbound: async () => {
        if (failure !== null) throw failure;
        return 'upgraded';
      },
      createInboundAbortSignal: (signal: unknown) => ['signal', signal],
      getStreamMuxers: () => 'muxers',
      getConnectionEncrypters: () => 'encrypters',
    };
    const factory = observed(
      () =>
        ({
          dial: async (_: unknown, options: { upgrader: unknown }) => options.upgrader,
          createListener: (options: { upgrader: unknown }) => options.upgrader,
        }) as never,
      {
        connected: ({ remoteAddr }) => seen.push(`connected ${remoteAddr}`),
        inboundFailure: (remote, { message }) => seen.push(`${remote}: ${message}`),
        heard: () => true,
      },
    );
    const transport = factory({}) as unknown as Record<string, (...args: unknown[]) => unknown>;
    type Watched = Record<string, (...args: unknown[]) => unknown>;
    const out = (await transport.dial!('x', { upgrader })) as Watched;
    const inwards = transport.createListener!({ upgrader }) as Watched;
    assert.equal(await out.upgradeOutbound!({ remoteAddr: 'o' }, {}), 'upgraded');
    await inwards.upgradeInbound!({ remoteAddr: 'i' }, {});
    failure = named('X', 'torn');
    await assert.rejects(async () => out.upgradeOutbound!({ remoteAddr: 'o' }, {}), {
      name: 'HandshakeError',
      message: 'torn',
      cause: failure,
    });
    await assert.rejects(async () => inwards.upgradeInbound!({ remoteAddr: 'i' }, {}), failure);
    assert.deepEqual(seen, ['connected o', 'connected i', 'connected o', 'connected i', 'i: torn']);
    assert.deepEqual(out.createInboundAbortSignal!('s'), ['signal', 's']);
    assert.deepEqual(
      [out.getStreamMuxers!(), out.getConnectionEncrypters!()],
      ['muxers', 'encrypters'],
    );
  });
});

describe('the gater', () => {
  const [listed, other] = [
    '12D3KooWBGWseujji7QqoKq4WUstskGRAYP73WAhEYG1vsMuiFUY',
    '12D3KooWJ6ET7PSPDcWtGuwTZjyye8rUM3RTvZ8va1J3uSndGLqg',
  ] as const;
  const connection = { remoteAddr: ADDRESS } as never;
  const limits = {
    connectionsTo: () => 0,
    connectionsToOthers: () => 0,
    names: () => false,
    takeSlot: () => null,
    options: { ...DEFAULT_MESH_OPTIONS, maxConnectionsPerPeer: 2 },
  };

  it('admits listed peers in both directions, and logs the others', () => {
    const { log, notices } = noting();
    const access = { mode: 'list', peers: [listed] } as const;
    const init = { ...limits, notices };
    const gater = createGater({ ...init, access: new AccessList(access) });
    for (const deny of [gater.denyDialPeer!, gater.denyOutboundEncryptedConnection!]) {
      assert.equal(deny(listed as never, connection), false);
      assert.throws(() => deny(other as never, connection), { code: 'PEER_REFUSED' });
    }
    assert.equal(gater.denyInboundEncryptedConnection!(listed as never, connection), false);
    assert.equal(gater.denyInboundEncryptedConnection!(other as never, connection), true);
    assert.deepEqual(
      log.lines.map(({ code, peer }) => [code, peer]),
      [['PEER_NOT_LISTED', other]],
    );
    const open = createGater({
      ...init,
      access: new AccessList({ mode: 'open', peers: [listed] }),
    });
    assert.equal(open.denyInboundEncryptedConnection!(other as never, connection), false);
  });

  it('keeps denied peers out in every mode, also where the list names them', () => {
    for (const mode of ['open', 'list', 'psk'] as const) {
      const { log, notices } = noting();
      const access = new AccessList({ mode, peers: [listed, other], deny: [other] });
      const gater = createGater({ ...limits, notices, access });
      assert.equal(gater.denyInboundEncryptedConnection!(listed as never, connection), false);
      assert.equal(gater.denyInboundEncryptedConnection!(other as never, connection), true);
      assert.throws(() => gater.denyDialPeer!(other as never), { code: 'PEER_REFUSED' });
      assert.deepEqual(
        log.lines.map(({ code, peer }) => [code, peer]),
        [['PEER_DENIED', other]],
      );
    }
  });

  it('accepts connections of a peer up to the limit', () => {
    const { log, notices } = noting();
    let count = 0;
    const gater = createGater({
      ...limits,
      access: new AccessList({ mode: 'open' }),
      notices,
      connectionsTo: () => count,
    });
    const denied = () => gater.denyInboundUpgradedConnection!(other as never, connection);
    for (let round = 0; round < 2; round++) {
      count = 1;
      assert.equal(denied(), false);
      count = 2;
      assert.equal(denied(), true);
    }
    assert.match(log.with('TOO_MANY_CONNECTIONS')[0]!.msg, /it has 2 already/);
  });

  it('refuses an address or subnet without room, which is said once for it', () => {
    const { log, notices } = noting();
    let full: string | null = null;
    const takeSlot = () => full;
    const gater = createGater({
      ...limits,
      access: new AccessList({ mode: 'open' }),
      notices,
      takeSlot,
    });
    const denied = () => gater.denyInboundConnection!(connection);
    assert.equal(denied(), false);
    full = '192.0.2.0/24';
    assert.deepEqual([denied(), denied()], [true, true]);
    assert.deepEqual(
      log.with('TOO_MANY_CONNECTIONS').map(({ level }) => level),
      ['warn'],
    );
    assert.match(log.lines[0]!.msg, /192\.0\.2\.0\/24 has as many .*raise network\./);
  });

  it('keeps the last places for peers that the configuration names', () => {
    const { log, notices } = noting();
    for (const [maxConnections, reservedConnections, free] of [
      [10, 3, 7],
      [10, 9, 5],
      [3, 3, 2],
    ] as const) {
      let others = 0;
      const gater = createGater({
        ...limits,
        access: new AccessList({ mode: 'open' }),
        notices,
        connectionsToOthers: () => others,
        names: (peer) => peer === listed,
        options: { ...limits.options, maxConnections, reservedConnections },
      });
      const denies = (peer: string) =>
        gater.denyInboundUpgradedConnection!(peer as never, connection);
      others = free - 1;
      assert.equal(denies(other), false);
      others = free;
      assert.equal(denies(other), true);
      assert.equal(denies(listed), false);
    }
    assert.equal(log.with('TOO_MANY_CONNECTIONS').length, 1, 'once for all strangers');
    assert.match(log.lines[0]!.msg, /the last 3 of 10 .* raise network\.maxConnections, or add/);
  });
});
