import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { MAX_DRAWN, peerLinks, placeMesh } from '../../../src/daemon/page/state/index.ts';
import { assertProperty } from '../../support/property.ts';
import { peerWith, proofOf, second, statusWith } from './state.ts';

const proved = { peers: [], maxLagSeconds: 10 };

describe('placeMesh', () => {
  it('keeps all circles within the drawing and apart from each other', () => {
    assertProperty(
      fc.property(fc.nat(60), fc.integer({ min: 300, max: 900 }), (count, width) => {
        const { self, peers, height } = placeMesh(count, width);
        assert.equal(peers.length, Math.min(count, MAX_DRAWN));
        const all = [self, ...peers];
        for (const [i, { x, y }] of all.entries()) {
          assert.ok(x >= 14 && x <= width - 14 && y >= 14 && y <= height - 14);
          for (const other of all.slice(0, i)) assert.ok(Math.hypot(x - other.x, y - other.y) > 20);
        }
      }),
    );
  });

  it('gives the same places for the same number of peers', () => {
    assert.deepEqual(placeMesh(7, 500), placeMesh(7, 500));
  });
});

describe('peerLinks', () => {
  const linkOf = (
    peer: Parameters<typeof peerWith>[0],
    proof: Parameters<typeof proofOf>[2] | null = {},
  ) => {
    const peers = proof === null ? [] : [proofOf('peer-a', null, proof)];
    const [link] = peerLinks(statusWith({ peers: [peerWith(peer)] }), { ...proved, peers });
    return link!;
  };

  it('says who is equal, who is proved, and who is behind by how much', () => {
    assert.equal(linkOf({ inSync: true }).label, 'equal');
    assert.deepEqual(
      [linkOf({}, { lagSeconds: 3 }).tone, linkOf({}, { lagSeconds: 3 }).label],
      ['good', 'proved 3 s'],
    );
    assert.equal(linkOf({}, { lagSeconds: 10 }).tone, 'good');
    const behind = linkOf({}, { lagSeconds: 10.5 });
    assert.deepEqual([behind.tone, behind.label], ['warn', '11 s behind']);
    assert.deepEqual([linkOf({}, null).tone, linkOf({}, null).label], ['warn', 'no proof yet']);
    const lacks = linkOf({ inSync: true }, { lagSeconds: 1, lacks: 1_234 });
    assert.deepEqual([lacks.tone, lacks.label], ['warn', 'lacks 1,234 items']);
  });

  it('gives the reason where a peer is away or its session failed', () => {
    const lastError = { code: 'DIAL_FAILED', message: 'nobody listens', at: second(0) };
    const away = linkOf({ connected: false, lastError });
    assert.deepEqual([away.tone, away.label], ['off', 'away']);
    assert.match(away.detail, /nobody listens \[DIAL_FAILED\]/);
    const error = { code: 'TIMEOUT', message: 'it took too long' };
    assert.match(linkOf({ lastSession: { error } as never }, null).detail, /\[TIMEOUT\]/);
  });

  it('calls no peer proved that gives this node nothing', () => {
    const link = linkOf({ gives: false }, { lagSeconds: 1 });
    assert.deepEqual([link.tone, link.label], ['off', 'gives nothing']);
  });

  it('shows pauses of one peer and of all', () => {
    const kept = { all: false, peers: [] };
    for (const paused of [
      { all: true, peers: [], kept },
      { all: false, peers: ['peer-a'], kept },
    ]) {
      const [link] = peerLinks(statusWith({ paused, peers: [peerWith()] }), null);
      assert.equal(link!.label, 'paused');
    }
  });

  it('puts connected peers first, and keeps the order whatever the daemon says', () => {
    const peers = ['c', 'a', 'd', 'b'].map((peerId) =>
      peerWith({ peerId, connected: peerId !== 'a' }),
    );
    for (const given of [peers, peers.toReversed()]) {
      const links = peerLinks(statusWith({ peers: given }), null);
      assert.deepEqual(
        links.map(({ peerId }) => peerId),
        ['b', 'c', 'd', 'a'],
      );
    }
  });
});
