import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { multiaddr } from '@multiformats/multiaddr';
import { OwnRecords } from '../../../../src/daemon/mesh/discovery/testing.ts';

const PEER = '12D3KooWJ6ET7PSPDcWtGuwTZjyye8rUM3RTvZ8va1J3uSndGLqg';
const OWN = '/ip4/192.0.2.1/tcp/1';
const OTHER = '/ip4/192.0.2.2/tcp/1';

describe('OwnRecords', () => {
  it('keeps addresses that are not of this node, and calls each of them new once', () => {
    const records = new OwnRecords(() => [multiaddr(`${OWN}/p2p/${PEER}`)]);
    assert.equal(records.heard([OWN]), false);
    assert.deepEqual(records.foreign, []);
    assert.equal(records.heard([OWN, OTHER]), true);
    assert.equal(records.heard([OTHER]), false);
    assert.deepEqual(records.foreign, [OTHER]);
  });

  it('keeps 32 addresses, however many are told', () => {
    const records = new OwnRecords(() => []);
    const told = Array.from({ length: 33 }, (_, port) => `/ip4/192.0.2.2/tcp/${port + 1}`);
    assert.equal(records.heard(told.slice(0, 31)), true);
    assert.equal(records.heard(told.slice(0, 32)), true);
    assert.equal(records.heard(told), false);
    assert.deepEqual(records.foreign, told.slice(0, 32));
  });
});
