import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { meshIncident, penaltyObserver } from '../../../src/daemon/penalties/index.ts';
import { INFINITE_BOUND } from '../../../src/store/index.ts';
import { fetchReport, sessionReport } from '../../support/reports.ts';

function create() {
  const lines: string[] = [];
  const observer = penaltyObserver({
    report: (peer, { code, protocol }) => void lines.push(`${peer} ${protocol} ${code}`),
    good: (peer) => void lines.push(`${peer} good`),
    delivered: (peer) => void lines.push(`${peer} delivered`),
  });
  return { observer, lines };
}

describe('an incident', () => {
  it('is what no honest peer does in a session, a request or an announcement', () => {
    const { observer, lines } = create();
    for (const code of ['MALFORMED_FRAME', 'UNPROVED', 'TIMEOUT']) {
      observer.sessionEnded(sessionReport({ peer: 'p', error: { code, message: '' } }));
    }
    for (const code of ['INVALID_BYTES', 'UNEXPECTED_FRAME', 'STALLED']) {
      observer.requestEnded(fetchReport({ peer: 'p', error: { code, message: '' } }), 1);
    }
    observer.misbehaved('p', 'WRONG_LENGTH');
    observer.misbehaved('p', 'WRONG_ANNOUNCEMENT');
    observer.misbehaved('p', 'STALLED');
    assert.deepEqual(lines, [
      'p session WRONG_FRAME',
      'p session UNPROVED',
      'p session UNREACHABLE',
      'p fetch WRONG_BYTES',
      'p fetch WRONG_FRAME',
      'p fetch STALLED',
      'p fetch WRONG_LENGTH',
      'p gossip WRONG_ANNOUNCEMENT',
      'p fetch STALLED',
    ]);
    assert.equal(meshIncident('FLOOD').protocol, 'gossip');
    assert.equal(meshIncident('FORGED_RECORD').protocol, 'discovery');
  });

  it('is none of this node, of a busy peer, or of another configuration', () => {
    const { observer, lines } = create();
    for (const code of ['ABORTED', 'BUSY', 'BUDGET_SPENT', 'STORE_CLOSED', 'FRAME_TOO_LARGE']) {
      observer.sessionEnded(sessionReport({ peer: 'p', error: { code, message: '' } }));
      observer.requestEnded(fetchReport({ peer: 'p', error: { code, message: '' } }), 1);
    }
    assert.deepEqual(lines, []);
  });

  it('of a peer that cannot be reached is over with a session or an item', () => {
    const { observer, lines } = create();
    observer.sessionEnded(sessionReport({ peer: 'p', rounds: 1 }));
    observer.sessionEnded(sessionReport({ peer: 'p', rounds: 0 }));
    observer.requestEnded(fetchReport({ peer: 'p', items: 1 }), 1);
    observer.requestEnded(fetchReport({ peer: 'p', items: 0 }), 1);
    for (const items of [1, 0]) {
      const report = { peer: 'p', outcome: 'complete', end: INFINITE_BOUND, items } as const;
      observer.streamEnded({ ...report, payloadBytes: 0, error: null }, 1);
    }
    assert.deepEqual(lines, ['p good', 'p delivered', 'p delivered']);
  });
});
