import { pino } from 'pino';
import { CatchUp } from '../../../../src/daemon/replicator/catch-up/index.ts';
import type {
  Fetcher,
  StreamedRange,
  StreamResult,
} from '../../../../src/daemon/replicator/fetching/index.ts';
import {
  type Interval,
  ReconciliationSet,
  type Scope,
  type SessionReport,
} from '../../../../src/protocol/index.ts';
import { bytesToKey, INFINITE_BOUND, ZERO_BOUND } from '../../../../src/store/index.ts';
import { VirtualClock } from '../../../support/clock.ts';
import { SeededRandom } from '../../../support/random.ts';
import { sessionReport } from '../../../support/reports.ts';

const random = new SeededRandom('catch-up');
const EVERYTHING: Interval = { lower: ZERO_BOUND, upper: INFINITE_BOUND };

/** A session that the catch-up began and that has not ended. */
export interface Begun {
  readonly peer: string;
  readonly scope: Scope;
  end(report?: Partial<SessionReport>): Promise<void>;
}

/** A slice that a peer streams. */
export interface Streamed extends StreamedRange {
  end(result?: Partial<StreamResult>): Promise<void>;
}

/** The report of a survey by `peer`: `parts` slices of 1,000 items each that we lack. */
export function surveyOf(peer: string, parts: number, root: string = peer): SessionReport {
  const bounds = Array.from({ length: parts }, (_, i) => ({ hint: BigInt(i * 100), id: null }));
  return {
    ...reportOf(peer, { mode: 'survey' }, root),
    survey: bounds.map((lower, i) => ({
      lower,
      upper: bounds[i + 1] ?? INFINITE_BOUND,
      ours: 0,
      theirs: 1_000,
      differs: true,
    })),
  };
}

function reportOf(peer: string, scope: Scope, root = peer): SessionReport {
  const outline = { count: 0, interval: scope.interval ?? EVERYTHING, mode: 'reconcile' as const };
  return sessionReport({
    peer,
    startedAt: 0,
    rounds: 2,
    bytesSent: 0,
    bytesReceived: 0,
    equal: false,
    version: 0,
    asked: scope.interval ?? null,
    mode: scope.mode ?? 'reconcile',
    outlines: {
      ours: { ...outline, whole: true, root: new Uint8Array(32) },
      theirs: { ...outline, whole: true, root: new TextEncoder().encode(root) },
    },
  });
}

interface RigChange {
  /** Peers that are not known yet. */
  unknown?: number;
  maxPending?: number;
}

/** A catch-up whose sessions the test holds in its hands. */
export class Rig {
  readonly clock: VirtualClock = new VirtualClock();
  readonly wanted: ReconciliationSet = new ReconciliationSet();
  readonly catchUp: CatchUp;
  /** What it logged. */
  readonly lines: Record<string, unknown>[] = [];
  readonly #begun: Begun[] = [];
  over = false;
  /** Peers that stream slices. */
  readonly streaming: Set<string> = new Set();
  readonly fetcher = {
    paused: null as Fetcher['paused'],
    streams: (peer: string): boolean => this.streaming.has(peer),
    stream: (range: StreamedRange): Promise<StreamResult> => this.#stream(range),
  };
  /** Streams that run. */
  readonly streams: Streamed[] = [];
  /** Who was said to mirror whom. */
  readonly mirrored: string[] = [];

  /** Without peers nothing has begun. */
  constructor(peers: readonly string[], parts: number, change: RigChange = {}) {
    const { unknown = 0, maxPending = 100_000 } = change;
    const { wanted } = this;
    const mirror = (peer: string, of: string): void => {
      this.mirrored.push(`${peer} of ${of}`);
    };
    const write = (line: string): void => void this.lines.push(JSON.parse(line));
    this.catchUp = new CatchUp({
      clock: this.clock,
      logger: pino({ level: 'debug' }, { write }),
      wanted: {
        length: (id) => wanted.length(id),
        sources: (id) => wanted.sources(id),
        mirror,
      },
      unknownPeers: () => unknown,
      ended: () => {
        this.over = true;
      },
      fetcher: this.fetcher,
      service: { reconcile: (peer, scope: Scope = {}) => this.#reconcile(peer, scope) },
      sliceItems: 1_000,
      streamedItems: 256,
      maxPending,
    });
    this.begin(peers, parts);
  }

  begin(peers: readonly string[], parts: number): void {
    if (peers.length > 0) this.catchUp.begin(surveyOf(peers[0]!, parts), peers.length);
    for (const peer of peers.slice(1)) this.catchUp.join(surveyOf(peer, parts));
  }

  /** The session that runs with the peer. */
  session(peer: string): Begun {
    const found = this.idle(peer) ? undefined : this.#begun.find((one) => one.peer === peer);
    if (found === undefined) throw new Error(`no session with ${peer}`);
    return found;
  }

  /** Sessions with the peer that run. */
  begun(peer: string): number {
    return this.#begun.filter((one) => one.peer === peer).length;
  }

  idle(peer: string): boolean {
    return this.#begun.every((one) => one.peer !== peer);
  }

  /** Ends the session that runs with the peer, which lists so many ids in it. */
  async list(peer: string, count: number): Promise<Uint8Array[]> {
    const ids = Array.from({ length: count }, () => random.bytes(32));
    this.wanted.add(peer, ids);
    this.catchUp.learnt(peer, ids);
    await this.session(peer).end({ missing: count });
    return ids;
  }

  store(ids: readonly Uint8Array[]): void {
    for (const id of ids) this.wanted.received(id);
    this.catchUp.stored(ids.map(bytesToKey));
  }

  /** Items that have nothing to do with what was listed. */
  write(count: number): void {
    this.store(Array.from({ length: count }, () => random.bytes(32)));
  }

  logged(event: string): Record<string, unknown>[] {
    return this.lines.filter((line) => line.event === event);
  }

  #stream(range: StreamedRange): Promise<StreamResult> {
    const { promise, resolve } = Promise.withResolvers<StreamResult>();
    const streamed: Streamed = {
      ...range,
      end: async (result = {}) => {
        this.streams.splice(this.streams.indexOf(streamed), 1);
        resolve({ end: range.upper, outcome: 'complete', refused: false, ...result });
        await this.clock.advance(0);
      },
    };
    this.streams.push(streamed);
    return promise;
  }

  #reconcile(peer: string, scope: Scope): Promise<SessionReport> {
    const { promise, resolve } = Promise.withResolvers<SessionReport>();
    const begun: Begun = {
      peer,
      scope,
      end: async (report = {}) => {
        this.#begun.splice(this.#begun.indexOf(begun), 1);
        resolve({ ...reportOf(peer, scope), ...report });
        await this.clock.advance(0);
      },
    };
    this.#begun.push(begun);
    return promise;
  }
}
