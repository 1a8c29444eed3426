import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import {
  type InboundSession,
  PeerSession,
  type SessionContext,
} from '../../../../src/protocol/reconcile/sessions/testing.ts';
import { VirtualClock } from '../../../support/clock.ts';

describe('PeerSession', () => {
  it('takes no stream of the peer once it is over', async () => {
    const channels: Partial<SessionContext['channels']> = {
      self: 'b',
      dialect: () => {
        throw new RangeError('no dialect');
      },
    };
    const context: Partial<SessionContext> = {
      clock: new VirtualClock(),
      channels: channels as SessionContext['channels'],
    };
    const session = new PeerSession(context as SessionContext, 'a');
    const { error } = await session.call();
    assert.equal(error?.message, 'no dialect');
    assert.equal(session.offer({} as InboundSession), 'later');
  });
});
