import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Connection } from '@libp2p/interface';
import { Notices } from '../../../src/daemon/mesh/index.ts';
import {
  Connections,
  type ConnectionsInit,
  PeerTroubles,
} from '../../../src/daemon/mesh/testing.ts';
import { VirtualClock } from '../../support/clock.ts';
import { Log } from './log.ts';

describe('Connections', () => {
  it('separates fetches of a peer from our own fetches and from lasting streams', () => {
    const listeners = new Map<string, (event: { detail: unknown }) => void>();
    const clock = new VirtualClock();
    const { logger } = new Log('debug', clock);
    const libp2p = {
      peerId: 'self',
      addEventListener: (name: string, listener: (event: { detail: unknown }) => void) =>
        void listeners.set(name, listener),
    } as unknown as ConnectionsInit['libp2p'];
    const notices = new Notices({ clock, logger });
    const connections = new Connections({
      libp2p,
      clock,
      logger,
      notices,
      ours: () => true,
      hears: () => false,
      speaks: () => true,
      troubles: new PeerTroubles({ clock, notices }),
      twinMs: 1_000,
      twinProtocol: '/rangemesh/n/twin/1',
      strangerMs: 1_000,
      identifyTimeoutMs: 1_000,
    });
    const streams: { direction: string; protocol: string }[] = [];
    const connection = { id: '1', remotePeer: 'p', status: 'open', streams } as unknown;
    listeners.get('connection:open')!({ detail: connection as Connection });
    const serves = () => connections.serves('p', '/rangemesh/n/fetch/');
    streams.push({ direction: 'inbound', protocol: '/rangemesh/n/native/2' });
    streams.push({ direction: 'outbound', protocol: '/rangemesh/n/fetch/2' });
    assert.equal(serves(), false);
    streams.push({ direction: 'inbound', protocol: '/rangemesh/n/fetch/2' });
    assert.equal(serves(), true);
    assert.equal(connections.serves('q', '/rangemesh/n/fetch/'), false);
    connections.stop();
  });
});
