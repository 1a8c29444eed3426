import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { PeerRoles, withhold } from '../../../../src/daemon/mesh/roles/index.ts';

const [A, B] = [
  '12D3KooWBGWseujji7QqoKq4WUstskGRAYP73WAhEYG1vsMuiFUY',
  '12D3KooWJ6ET7PSPDcWtGuwTZjyye8rUM3RTvZ8va1J3uSndGLqg',
] as const;

describe('the roles of peers', () => {
  it('say who gives and who gets, in either direction', () => {
    const roles = new PeerRoles({ read: [A], write: [B] });
    const all = (peer: string) => [roles.of(peer), roles.takesFrom(peer), roles.givesTo(peer)];
    assert.deepEqual(all(A), ['read', false, true]);
    assert.deepEqual(all(B), ['write', true, false]);
    assert.deepEqual(all('another'), ['replicate', true, true]);
  });

  it('change when they are applied, and name the peers whose role is another', () => {
    const roles = new PeerRoles({ read: [A], write: [] });
    assert.throws(() => roles.prepare({ read: ['nonsense'], write: [] }), {
      code: 'CONFIG_INVALID',
    });
    const apply = roles.prepare({ read: [A], write: [B] });
    assert.equal(roles.of(B), 'replicate');
    assert.deepEqual(apply(), [B]);
    assert.equal(roles.of(B), 'write');
    assert.deepEqual(
      roles
        .prepare({ read: [B], write: [] })()
        .sort(),
      [A, B],
    );
    assert.deepEqual([roles.of(A), roles.of(B)], ['replicate', 'read']);
  });
});

describe('gossip', () => {
  it('brings a peer that gets nothing no message of the topic, and no offer', () => {
    const sent: unknown[] = [];
    const gossip = new Map<string, unknown>([
      ['writer', 'offers'],
      ['friend', 'offers'],
    ]);
    const service = {
      gossip,
      sendRpc: (peer: string, rpc: object) => sent.push([peer, rpc]) > 0,
      sendRpcInBatch: (peers: Set<string>, rpc: object) => void sent.push([[...peers], rpc]),
    };
    withhold(service as never, { topic: 'items', givesTo: (peer) => peer !== 'writer' });
    const [items, peers] = [{ topic: 'items' }, { topic: 'peers' }];
    const control = { ihave: [1], graft: [2] };
    const rpc = { subscriptions: [3], messages: [items, peers], control };
    service.sendRpc('friend', rpc);
    service.sendRpc('writer', rpc);
    service.sendRpc('writer', { subscriptions: [3], messages: [items] });
    assert.deepEqual(sent.splice(0), [
      ['friend', rpc],
      ['writer', { subscriptions: [3], messages: [peers], control: { graft: [2] } }],
      ['writer', { subscriptions: [3], messages: [] }],
    ]);
    assert.deepEqual([...gossip.keys()], ['friend']);
    const reached = new Set(['friend', 'writer']);
    service.sendRpcInBatch(reached, { messages: [items] });
    assert.deepEqual([...reached], ['friend'], 'it does not count as reached');
    service.sendRpcInBatch(new Set(['friend', 'writer']), { messages: [peers] });
    assert.deepEqual(
      sent.map((each) => (each as unknown[])[0]),
      [['friend'], ['friend', 'writer']],
    );
  });
});
