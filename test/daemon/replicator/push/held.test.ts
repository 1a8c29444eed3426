import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { isHeld } from '../../../../src/daemon/replicator/push/index.ts';
import { StoreError } from '../../../../src/store/index.ts';

const ID = new Uint8Array(32);

function held(contains: () => boolean): boolean {
  return isHeld({ contains }, ID);
}

describe('isHeld', () => {
  it('answers as the replica answers', () => {
    assert.equal(
      held(() => true),
      true,
    );
    assert.equal(
      held(() => false),
      false,
    );
  });

  it('counts an item that cannot be looked up as missing', () => {
    const refuse = () => {
      throw new StoreError('STORE_UNAVAILABLE', 'the database is closed');
    };
    assert.equal(held(refuse), false, 'an item that cannot be looked up counts as held');
  });

  it('passes on an error that does not come from the store', () => {
    const fault = () => {
      throw new TypeError('a bug');
    };
    assert.throws(() => held(fault), /a bug/);
  });
});
