import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { SessionLog } from '../../../../src/daemon/replicator/testing.ts';
import { sessionReport } from '../../../support/reports.ts';

describe('the log of sessions', () => {
  it('has the last 200, the newest first, without the parts of surveys', () => {
    const log = new SessionLog();
    const survey = [{}] as never;
    for (let i = 0; i < 200; i++) log.note(sessionReport({ startedAt: i, survey }));
    assert.deepEqual([log.entries.length, log.entries[199]!.number], [200, 1]);
    log.note(sessionReport({ startedAt: 200 }), 'compare');
    const [first, second] = log.entries;
    assert.deepEqual(
      [first!.number, first!.purpose, first!.report.startedAt],
      [201, 'compare', 200],
    );
    assert.deepEqual([second!.purpose, second!.report.survey], ['settle', []]);
    assert.deepEqual([log.entries.length, log.entries[199]!.number], [200, 2]);
  });
});
