import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { RoleNotices } from '../../../../src/daemon/node/testing.ts';
import { sessionReport } from '../../../support/reports.ts';

function create() {
  const said: string[] = [];
  const notices = new RoleNotices({
    roles: { takesFrom: (peer) => peer !== 'reader', givesTo: (peer) => peer !== 'writer' },
    notices: { say: ({ code, remote }) => void said.push(`${code} ${remote}`) },
  });
  return { notices, said };
}

describe('the notices of roles', () => {
  it('tell of readers that offer items, once a session', () => {
    const { notices, said } = create();
    notices.sessionEnded(sessionReport({ peer: 'reader', missing: 0 }));
    notices.sessionEnded(sessionReport({ peer: 'friend', missing: 3 }));
    assert.deepEqual(said, []);
    notices.sessionEnded(sessionReport({ peer: 'reader', missing: 3 }));
    const finding = { refused: 1 } as never;
    notices.sessionEnded(sessionReport({ peer: 'reader', finding }));
    assert.deepEqual(said, ['ROLE_READ reader', 'ROLE_READ reader']);
  });

  it('tell of writers that ask for items, each time, and say why they get none', () => {
    const { notices, said } = create();
    assert.equal(notices.requestRefusal('reader'), null);
    assert.equal(notices.requestRefusal('writer')?.code, 'ROLE_WRITE');
    assert.deepEqual(said, ['ROLE_WRITE writer']);
  });
});
