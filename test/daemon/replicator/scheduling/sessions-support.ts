import assert from 'node:assert/strict';
import { pino } from 'pino';
import type { PeerRecord } from '../../../../src/daemon/replicator/index.ts';
import { Sessions } from '../../../../src/daemon/replicator/scheduling/index.ts';
import {
  type Outline,
  ReconciliationSet,
  type Scope,
  type SessionReport,
} from '../../../../src/protocol/index.ts';
import { INFINITE_BOUND, ZERO_BOUND } from '../../../../src/store/index.ts';
import { VirtualClock } from '../../../support/clock.ts';
import { sessionReport } from '../../../support/reports.ts';
import { EVERYTHING } from '../support.ts';

/** Items that a peer has more than we from which on several are to work at catching up. */
export const FAR = 500;

/** What a side says of its set of so many items; sets of the same name are equal. */
export function outlineOf(count: number, root: string, change: Partial<Outline> = {}): Outline {
  return {
    count,
    root: new TextEncoder().encode(root.padEnd(16)),
    interval: EVERYTHING,
    whole: true,
    mode: 'reconcile',
    ...change,
  };
}

/** The sessions of a node whose ends the test decides. */
export class SessionsRig {
  readonly clock: VirtualClock = new VirtualClock();
  readonly wanted: ReconciliationSet = new ReconciliationSet();
  readonly sessions: Sessions;
  readonly running: { what: string; end: (report: Partial<SessionReport>) => Promise<void> }[] = [];
  oneWay = '';
  busy = false;
  unbelieved = '';
  readonly paused = null;
  caughtUp = 0;

  constructor() {
    this.sessions = new Sessions({
      clock: this.clock,
      logger: pino({ level: 'silent' }),
      wanted: this.wanted,
      peers: { connectedOnes: [{}, {}] as PeerRecord[] },
      fetcher: this,
      arrivals: { worthWaiting: (fetching) => fetching },
      indexWait: { usable: () => true },
      oneWay: (peer) => peer === this.oneWay,
      caughtUp: () => this.caughtUp++,
      catchUpItems: FAR,
      sliceItems: 1_000,
      streamedItems: 256,
      maxPending: 10_000,
    });
    this.sessions.start({
      reconcile: (peer: string, scope?: Scope) => this.#reconcile(peer, scope),
    });
  }

  /** The fetcher's: no peer streams. */
  readonly streams = (): boolean => false;
  readonly stream = (): never => assert.fail('no peer streams');

  /** The fetcher's: how many ids the peer may list. */
  room(peer: string): number {
    return peer === this.unbelieved ? 0 : Number.POSITIVE_INFINITY;
  }

  get what(): string {
    return this.running.map(({ what }) => what).join();
  }

  /** The peer is due. */
  async run(peer: string): Promise<void> {
    void this.sessions.run(peer);
    await this.clock.advance(0);
  }

  /** Ends a session that runs, and tells of it as the service does. */
  async end(what: string, report: Partial<SessionReport> = {}): Promise<void> {
    const session = this.running.find((one) => one.what === what);
    assert.ok(session !== undefined, `${what} does not run: ${this.what}`);
    await session.end(report);
  }

  /** The peer is due, and a survey shows so many items of that name more than we have. */
  async due(peer: string, ahead: number, root: string = peer): Promise<void> {
    await this.run(peer);
    await this.end(`${peer} survey`, this.shows(ahead, root));
  }

  shows(ahead: number, root: string, change: Partial<Outline> = {}): Partial<SessionReport> {
    const outlines = { ours: outlineOf(10, 'ours'), theirs: outlineOf(10 + ahead, root, change) };
    const part = { lower: ZERO_BOUND, upper: INFINITE_BOUND, ours: 10, theirs: 10 + ahead };
    return { equal: false, outlines, survey: [{ ...part, differs: true }] };
  }

  #reconcile(peer: string, scope?: Scope): Promise<SessionReport> {
    const { promise, resolve } = Promise.withResolvers<SessionReport>();
    const surveys = scope?.mode === 'survey' && scope.interval === undefined;
    const kind = surveys ? 'survey' : scope?.interval === undefined ? 'whole' : 'slice';
    const begun = {
      what: `${peer} ${kind}`,
      end: async (change: Partial<SessionReport>) => {
        this.running.splice(this.running.indexOf(begun), 1);
        const report = sessionReport({
          peer,
          equal: false,
          mode: kind === 'survey' ? 'survey' : 'reconcile',
          ...change,
        });
        this.sessions.ended(report);
        resolve(report);
        await this.clock.advance(0);
      },
    };
    this.running.push(begun);
    return promise;
  }
}
