import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { checkClocks } from '../../../../src/daemon/cli/doctor/testing.ts';
import type { PeerStatus } from '../../../../src/daemon/index.ts';

function check(...offsets: (number | null)[]): string[] {
  const peers = offsets.map((clockOffsetMs, i) => ({ peerId: `p${i}`, clockOffsetMs }));
  return checkClocks(peers as unknown as PeerStatus[]).map(
    ({ level, message, advice }) => `${level} ${message}${advice === null ? '' : ` -> ${advice}`}`,
  );
}

describe('the check of clocks against peers', () => {
  it('says nothing of peers that told no time, and that clocks within a minute are right', () => {
    assert.deepEqual(check(null), []);
    assert.deepEqual(check(null, 60_000), ['ok within a minute of this clock at 1 peer']);
    assert.match(check(60_000, -60_000)[0]!, /at 2 peers$/);
  });

  it('names each peer whose clock is off, unless most say that this one is', () => {
    const [first, second] = check(60_001, -3_600_000, 0, 10);
    assert.match(
      first!,
      /^warn the clock of p0 is 60 s ahead, compared with this clock -> set the clock of that/,
    );
    assert.match(second!, /^warn the clock of p1 is 3600 s behind, /);
    const own = check(100_000, 120_000, 90_000, 0);
    assert.equal(own.length, 1);
    assert.match(
      own[0]!,
      /this clock is wrong by the word of 3 of 4 peers: it is about 100 s behind/,
    );
    assert.match(own[0]!, /set the clock of this machine/);
  });

  it('leaves open which of two clocks is wrong', () => {
    assert.match(
      check(-100_000)[0]!,
      /p0 is 100 s behind.* -> find out which of both clocks is wrong/,
    );
  });
});
