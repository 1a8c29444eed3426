import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import {
  type MeetingHost,
  PeerSession,
  type Visit,
} from '../../../../src/protocol/reconcile/sessions/testing.ts';
import { VirtualClock } from '../../../support/clock.ts';

describe('a meeting that is over', () => {
  it('takes no stream of the peer any more', async () => {
    const host: Partial<MeetingHost> = {
      self: 'b',
      clock: new VirtualClock(),
      dialect: () => {
        throw new RangeError('no dialect');
      },
    };
    const meeting = new PeerSession(host as MeetingHost, 'a');
    const { error } = await meeting.call();
    assert.equal(error?.message, 'no dialect');
    assert.equal(meeting.offer({} as Visit), 'later');
  });
});
