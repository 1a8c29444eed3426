import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import {
  Penalties,
  type PenaltiesInit,
  type PenaltyCode,
} from '../../../src/daemon/penalties/index.ts';
import { VirtualClock } from '../../support/clock.ts';
import { Log } from '../mesh/log.ts';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;

function create(init: Partial<PenaltiesInit> = {}) {
  const clock = new VirtualClock();
  const log = new Log('debug', clock);
  const connected = new Set(['bad', 'a', 'b', 'c']);
  const [penalised, incidents, cut]: [string[], string[], string[]] = [[], [], []];
  const penalties = new Penalties({
    clock,
    logger: log.logger,
    connected: () => [...connected],
    named: () => false,
    cutOff: (peer) => void cut.push(peer),
    observer: {
      penalised: ({ code, protocol }) => void penalised.push(`${protocol} ${code}`),
      incident: ({ code }) => void incidents.push(code),
    },
    ...init,
  });
  const report = (code: PenaltyCode, peer = 'bad') =>
    penalties.report(peer, { code, protocol: 'fetch' });
  /** Four incidents, far enough apart to count each. */
  const provoke = async (peer = 'bad') => {
    for (let i = 0; i < 4; i++) {
      report('WRONG_BYTES', peer);
      await clock.advance(10_000);
    }
  };
  return { clock, log, connected, penalised, incidents, cut, penalties, report, provoke };
}

describe('the penalties of a peer', () => {
  it('halve in ten minutes', async () => {
    const { clock, penalties, report } = create();
    report('WRONG_BYTES');
    for (const [minutes, score] of [
      [0, 30],
      [10, 15],
      [10, 7.5],
    ] as const) {
      await clock.advance(minutes * MINUTE);
      assert.equal(penalties.of('bad').score, score);
    }
    assert.deepEqual(penalties.of('never seen'), { score: 0, last: null, bannedUntil: null });
  });

  it('count an incident once, with its heaviest report, over all protocols, twice in a row', async () => {
    const { clock, penalties, penalised } = create();
    for (let round = 1; round <= 2; round++) {
      penalties.report('bad', { code: 'FALSE_LIST', protocol: 'fetch' });
      await clock.advance(5_000);
      penalties.report('bad', { code: 'WRONG_ANNOUNCEMENT', protocol: 'gossip' });
      penalties.report('bad', { code: 'FALSE_LIST', protocol: 'fetch' });
      await clock.advance(4_999);
      penalties.report('bad', { code: 'WRONG_FRAME', protocol: 'session' });
      assert.deepEqual(penalised.splice(0), ['fetch FALSE_LIST', 'gossip WRONG_ANNOUNCEMENT']);
      const { score, last } = penalties.of('bad');
      assert.ok(Math.abs(score - 20 * round) < round, `${score}`);
      assert.equal(last!.code, 'WRONG_ANNOUNCEMENT');
      await clock.advance(1);
    }
  });

  it('are forgotten by pardon', () => {
    const { penalties, report, log } = create();
    assert.equal(penalties.pardon('bad'), false);
    report('FLOOD');
    assert.equal(penalties.pardon('bad'), true);
    assert.equal(penalties.of('bad').score, 0);
    assert.equal(log.lines.filter(({ event }) => event === 'pardoned').length, 1);
  });

  it('are forgotten by pardon, also those of a peer that stalls', async () => {
    const { clock, penalties, penalised, report } = create();
    for (let round = 1; round <= 2; round++) {
      report('STALLED');
      await clock.advance(10_000);
      assert.deepEqual(penalised, Array(round).fill('fetch STALLED'));
      penalties.pardon('bad');
    }
  });

  it('are bounded in number: the lowest score makes room, a ban never does', async () => {
    const { penalties, report, provoke } = create();
    await provoke();
    report('UNPROVED', 'low');
    for (let i = 0; i < 4_095; i++) report('FLOOD', `peer ${i}`);
    assert.deepEqual(
      ['bad', 'low', 'peer 0', 'peer 4094'].map((peer) => penalties.of(peer).last !== null),
      [true, false, true, true],
    );
  });
});

describe('a ban', () => {
  it('comes at the score, closes the connections, and ends', async () => {
    const { clock, log, penalties, incidents, cut, report } = create({
      options: { banScore: 60 },
    });
    report('WRONG_LENGTH');
    await clock.advance(9_999);
    report('WRONG_LENGTH');
    assert.deepEqual([penalties.isBanned('bad'), cut], [false, []]);
    for (const code of ['FALSE_LIST', 'WRONG_ANNOUNCEMENT'] as const) {
      await clock.advance(10_000);
      report(code);
    }
    assert.deepEqual([penalties.isBanned('bad'), cut, incidents], [true, ['bad'], ['PEER_BANNED']]);
    const until = clock.now() + 10 * MINUTE;
    assert.deepEqual(penalties.bans, [{ peer: 'bad', code: 'WRONG_ANNOUNCEMENT', until }]);
    assert.equal(penalties.of('bad').bannedUntil, until);
    assert.match(log.with('PEER_BANNED')[0]!.msg, /bad is banned for 10 min, last for WRONG_ANN/);
    report('WRONG_BYTES');
    assert.equal(penalties.of('bad').score, 0, 'nothing counts during a ban');
    await clock.advance(10 * MINUTE - 1);
    assert.equal(penalties.isBanned('bad'), true);
    await clock.advance(1);
    assert.deepEqual([penalties.isBanned('bad'), penalties.bans], [false, []]);
  });

  it('doubles for each ban within a day of the last, up to a day', async () => {
    const { clock, penalties, provoke } = create();
    const durations: number[] = [];
    const next = async () => {
      await provoke();
      const ms = penalties.of('bad').bannedUntil! - clock.now() + 10_000;
      durations.push(ms / MINUTE);
      await clock.advance(ms);
    };
    for (let i = 0; i < 9; i++) await next();
    await clock.advance(24 * HOUR);
    await next();
    assert.deepEqual(durations, [10, 20, 40, 80, 160, 320, 640, 1_280, 1_440, 10]);
  });

  it('of a peer that the operator names takes ten minutes each time', async () => {
    const { clock, penalties, provoke } = create({ named: (peer) => peer === 'bad' });
    for (let i = 0; i < 3; i++) {
      await provoke();
      assert.equal(penalties.of('bad').bannedUntil! - clock.now(), 10 * MINUTE - 10_000);
      await clock.advance(10 * MINUTE);
    }
  });

  it('is spared while fewer others than the floor are connected, at the floor and one below', async () => {
    const { connected, incidents, penalties, cut, provoke } = create({ options: { minPeers: 3 } });
    connected.delete('c');
    await provoke();
    assert.deepEqual([penalties.isBanned('bad'), incidents], [false, ['BAN_SPARED']]);
    connected.add('c');
    await provoke();
    assert.deepEqual([penalties.isBanned('bad'), cut], [true, ['bad']]);
    await provoke('a');
    assert.equal(penalties.isBanned('a'), false, 'banned peers do not count as others');
    penalties.change({ banScore: 100, minPeers: 2 });
    await provoke('a');
    assert.equal(penalties.isBanned('a'), true);
  });

  it('never comes with a banScore of 0', async () => {
    const { penalties, incidents, provoke } = create({ options: { banScore: 0 } });
    for (let i = 0; i < 5; i++) await provoke();
    assert.ok(penalties.of('bad').score > 300);
    assert.deepEqual(incidents, []);
  });

  it('is ended by pardon', async () => {
    const { penalties, provoke } = create();
    await provoke();
    assert.equal(penalties.pardon('bad'), true);
    assert.deepEqual([penalties.isBanned('bad'), penalties.of('bad').score], [false, 0]);
  });
});

describe('a peer that cannot be reached', () => {
  it('counts once until it is good again, and never enough for a ban', async () => {
    const { clock, penalties, penalised, report } = create();
    for (let i = 0; i < 5; i++) {
      report('UNREACHABLE');
      await clock.advance(10_000);
    }
    assert.deepEqual(penalised.splice(0), ['connection UNREACHABLE']);
    for (let i = 0; i < 200; i++) {
      penalties.good('bad');
      report('UNREACHABLE');
      await clock.advance(10_000);
    }
    assert.ok(penalties.of('bad').score <= 10);
    assert.equal(penalties.isBanned('bad'), false);
  });

  it('does not count if it is good within ten seconds', async () => {
    const { clock, penalties, penalised, report } = create();
    report('UNREACHABLE');
    await clock.advance(9_999);
    penalties.good('bad');
    await clock.advance(HOUR);
    assert.deepEqual([penalised, clock.pending], [[], 0]);
  });

  it('does not count while half of the peers fail with it, which is told once in a minute', async () => {
    const { clock, penalised, penalties, incidents, report } = create();
    for (let round = 1; round <= 2; round++) {
      report('UNREACHABLE', 'a');
      await clock.advance(9_000);
      report('UNREACHABLE', 'b');
      await clock.advance(60_000);
      assert.deepEqual([penalised, incidents], [[], Array(round).fill('NETWORK_OUTAGE')]);
      for (const peer of ['a', 'b']) penalties.good(peer);
    }
    report('UNREACHABLE', 'a');
    await clock.advance(10_001);
    report('UNREACHABLE', 'b');
    await clock.advance(60_000);
    assert.equal(penalised.length, 2, 'failures that are further apart have no common cause');
  });

  it('counts once for all that fails, as stalled where it stalled, until it brings an item', async () => {
    const { clock, penalties, penalised, report } = create();
    report('UNREACHABLE');
    report('STALLED');
    report('UNREACHABLE');
    await clock.advance(10_000);
    assert.deepEqual(penalised.splice(0), ['fetch STALLED'], 'the heavier of both');
    penalties.delivered('bad');
    for (let round = 1; round <= 2; round++) {
      for (const code of ['UNREACHABLE', 'STALLED', 'UNREACHABLE', 'STALLED'] as const) {
        report(code);
        penalties.good('bad');
        await clock.advance(10_000);
      }
      assert.deepEqual(penalised, Array(round).fill('fetch STALLED'));
      penalties.delivered('bad');
    }
    for (let i = 0; i < 200; i++) {
      report('STALLED');
      await clock.advance(10_000);
      penalties.delivered('bad');
    }
    assert.ok(penalties.of('bad').score <= 10);
    assert.equal(penalties.isBanned('bad'), false, 'the network may be to blame');
  });

  it('leaves no timer behind', () => {
    const { clock, penalties, report } = create();
    report('UNREACHABLE');
    assert.equal(clock.pending, 1);
    penalties.stop();
    assert.equal(clock.pending, 0);
  });
});
