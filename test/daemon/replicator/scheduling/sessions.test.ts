import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { pino } from 'pino';
import type { PeerRecord } from '../../../../src/daemon/replicator/index.ts';
import { Sessions } from '../../../../src/daemon/replicator/scheduling/index.ts';
import {
  ReconciliationSet,
  type Scope,
  type SessionReport,
} from '../../../../src/protocol/index.ts';
import { VirtualClock } from '../../../support/clock.ts';
import { surveyOf } from '../catch-up/support.ts';

/** What a peer with so many items more than we answers to a survey. */
function ahead(peer: string, count: number, parts = 1): SessionReport {
  const survey = surveyOf(peer, parts);
  const { ours, theirs } = survey.outlines!;
  return { ...survey, outlines: { ours, theirs: { ...theirs, count } } };
}

class Rig {
  readonly clock: VirtualClock = new VirtualClock();
  readonly sessions: Sessions;
  readonly disbelieved: Set<string> = new Set();
  readonly #counts: Map<string, number> = new Map();
  /** Sessions that run, with what each is asked for: a survey, a slice or everything. */
  readonly running: { what: string; end: (report?: Partial<SessionReport>) => Promise<void> }[] =
    [];
  oneWay = '';

  constructor() {
    this.sessions = new Sessions({
      clock: this.clock,
      logger: pino({ level: 'silent' }),
      wanted: new ReconciliationSet(),
      peers: this,
      fetcher: this,
      arrivals: { worthWaiting: (fetching) => fetching },
      indexWait: { usable: () => true },
      oneWay: (peer) => peer === this.oneWay,
      caughtUp: () => {},
      catchUpItems: 500,
      sliceItems: 1_000,
      streamedItems: 256,
      maxPending: 10_000,
    });
    this.sessions.start({
      reconcile: (peer: string, scope?: Scope) => this.#reconcile(peer, scope),
    });
  }

  /** Peers, as the sessions see them. */
  get connectedOnes(): PeerRecord[] {
    return [...this.#counts.keys()].map((peer) => ({ peer }) as PeerRecord);
  }

  /** The fetcher, as the sessions see it: it does nothing, and believes most peers. */
  readonly busy = false;
  readonly paused = null;
  readonly streams = (): boolean => false;
  readonly stream = (): never => assert.fail('no peer streams');
  room(peer: string): number {
    return this.disbelieved.has(peer) ? 0 : Number.POSITIVE_INFINITY;
  }

  #reconcile(peer: string, scope?: Scope): Promise<SessionReport> {
    const { promise, resolve } = Promise.withResolvers<SessionReport>();
    const kind = scope?.interval !== undefined ? 'slice' : 'everything';
    const what = `${peer} ${scope?.mode === 'survey' && kind !== 'slice' ? 'survey' : kind}`;
    const begun = {
      what,
      end: async (report: Partial<SessionReport> = {}) => {
        this.running.splice(this.running.indexOf(begun), 1);
        resolve({ ...ahead(peer, this.#counts.get(peer) ?? 0), mode: 'reconcile', ...report });
        await this.clock.advance(0);
      },
    };
    this.running.push(begun);
    return promise;
  }

  /** The peer is due, and where it is looked at it is so many items ahead. */
  async due(peer: string, count: number): Promise<void> {
    this.#counts.set(peer, count);
    void this.sessions.run(peer);
    await this.clock.advance(0);
    if (this.what.includes(`${peer} survey`)) await this.end(`${peer} survey`);
  }

  ahead(peer: string, count: number): void {
    this.#counts.set(peer, count);
  }

  async end(what: string, report?: Partial<SessionReport>): Promise<void> {
    const session = this.running.find((one) => one.what === what);
    assert.ok(session !== undefined, `${what} does not run: ${this.what.join()}`);
    await session.end(report);
  }

  get what(): string[] {
    return this.running.map(({ what }) => what);
  }
}

describe('the sessions of a node that catches up', () => {
  it('delay no peer for another one that is slow to close', async () => {
    const rig = new Rig();
    await rig.due('a', 1_000);
    await rig.due('b', 1_000);
    await rig.end('a slice');
    await rig.end('b slice');
    assert.equal(rig.sessions.catchUp?.phase, 'closing');
    await rig.end('a everything');
    assert.deepEqual(rig.what, ['b everything']);
    await rig.due('a', 3);
    assert.deepEqual(rig.what, ['b everything', 'a everything'], 'a has its session');
    await rig.due('c', 3);
    assert.ok(rig.what.includes('c everything'), 'so has who connects');
    assert.ok(rig.sessions.judge('d', ahead('d', 3).outlines!.theirs, 0), 'and who begins one');
    assert.equal(rig.sessions.catchUp?.phase, 'closing');
  });

  it('catch up again from a peer far ahead, although another is slow to close', async () => {
    const rig = new Rig();
    await rig.due('a', 1_000);
    await rig.due('b', 1_000);
    await rig.end('a slice');
    await rig.end('b slice');
    await rig.due('c', 2_000);
    assert.equal(rig.sessions.catchUp?.phase, 'slices');
    assert.ok(rig.what.includes('c slice'));
  });

  it('survey a peer whose session was declined, although it was joined at first', async () => {
    const rig = new Rig();
    await rig.due('a', 3);
    await rig.end('a everything');
    rig.sessions.ended({ ...ahead('a', 3), mode: 'reconcile' });
    const { theirs } = ahead('a', 1_000).outlines!;
    assert.ok(!rig.sessions.judge('a', theirs, 0));
    await rig.end('a everything', { role: 'responder', mode: 'survey' });
    rig.ahead('a', 1_000);
    await rig.end('a survey');
    assert.deepEqual(rig.what, ['a slice']);
  });

  it('leave peers that are ahead to the catch-up while it lists slices', async () => {
    const rig = new Rig();
    await rig.due('a', 1_000);
    await rig.due('b', 3);
    assert.deepEqual(rig.what, ['a slice']);
    assert.ok(!rig.sessions.judge('b', ahead('b', 3).outlines!.theirs, 0));
  });

  it('only survey a peer that is ahead and distrusted', async () => {
    const rig = new Rig();
    rig.disbelieved.add('a');
    for (const ahead of [100, 1_000]) {
      await rig.due('a', ahead);
      assert.deepEqual(rig.what, []);
      assert.equal(rig.sessions.catchUp, null);
    }
    rig.disbelieved.delete('a');
    await rig.due('a', 100);
    assert.deepEqual(rig.what, ['a everything']);
  });
});
