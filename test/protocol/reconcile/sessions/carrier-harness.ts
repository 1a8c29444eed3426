import assert from 'node:assert/strict';
import { PeerWork, SliceShare, Turns } from '../../../../src/protocol/budgets/index.ts';
import type { Channel, Session, SessionReport, Step } from '../../../../src/protocol/index.ts';
import { DEFAULT_RECONCILE_OPTIONS } from '../../../../src/protocol/reconcile/options.ts';
import {
  PeerLinks,
  RunningIntervals,
  type SessionEnvironment,
  SessionRun,
  type SessionRunInit,
  Slots,
} from '../../../../src/protocol/reconcile/sessions/testing.ts';
import type { Bytes, Snapshot } from '../../../../src/store/index.ts';
import { VirtualClock } from '../../../support/clock.ts';
import { heldChannel } from '../../../support/held-channel.ts';
import { MemoryNetwork } from '../../../support/memory-network.ts';
import { SeededRandom } from '../../../support/random.ts';
import { soon } from '../../../support/soon.ts';

export const STEP: Step = { frames: [], missing: [], done: false };
export const DONE: Step = { ...STEP, done: true };
export const frame = (...bytes: number[]): Bytes => Uint8Array.from(bytes);

/** A session that does what it is told to, one step for each call, and the calls. */
export class Scripted implements Session {
  role: Session['role'] = 'initiator';
  readonly equal: boolean = false;
  readonly calls: string[] = [];
  readonly #steps: (Step | Error)[];

  constructor(...steps: (Step | Error)[]) {
    this.#steps = steps;
  }

  start(): Step {
    return this.#next('start');
  }

  receive(bytes: Uint8Array): Step {
    return this.#next(`receive ${bytes}`);
  }

  proceed(room: boolean): Step {
    return this.#next(`proceed ${room}`);
  }

  #next(call: string): Step {
    this.calls.push(call);
    const step = this.#steps.shift() ?? assert.fail(`${call}, and the session has no more to do`);
    if (step instanceof Error) throw step;
    return step;
  }
}

/** Runs `session` over `channel`; a responder waits for the first frame of the peer. */
export function runOf(
  session: Session,
  {
    clock,
    channel,
    work,
    traffic,
    turns,
    prepare,
    ...events
  }: Pick<SessionRunInit, 'channel'> & RunInit,
): SessionRun {
  const taken = turns ?? new Turns({ clock });
  const slots = new Slots({ clock, limit: 1, giveWayMs: 60_000 });
  const parts = { size: 0, release: () => {}, ...(prepare && { prepare }) };
  const snapshot = parts as unknown as Snapshot;
  const environment: SessionEnvironment = {
    clock,
    events: {
      peerConnected: () => {},
      peerDisconnected: () => {},
      differs: () => {},
      missing: () => {},
      ended: () => {},
      ...events,
    },
    snapshot: () => ({ snapshot, version: 0 }),
    options: { ...DEFAULT_RECONCILE_OPTIONS, frameTimeoutMs: 1_000 },
    serving: slots,
    intervals: new RunningIntervals(),
    itemTotals: { receivedBytes: 0, sentBytes: 0 },
    links: new PeerLinks(clock, 'auto'),
    work: work ?? new PeerWork({ clock }),
    turns: taken,
    share: new SliceShare(taken),
    ...(traffic !== undefined && { traffic }),
  };
  const dialect = { name: 'scripted', version: 1, session: () => session };
  return new SessionRun({ environment, channel, dialect, role: session.role, scope: {} });
}

type RunInit = Partial<SessionEnvironment['events']> & {
  clock: VirtualClock;
  work?: SessionEnvironment['work'];
  traffic?: SessionEnvironment['traffic'];
  turns?: SessionEnvironment['turns'];
  /** Of the snapshot. */
  prepare?: () => Iterable<void>;
};

/** The error in the report, and the milliseconds to the end; -1 as long as the session runs. */
export interface Outcome {
  error: SessionReport['error'];
  at: number;
}

export interface Scene {
  clock: VirtualClock;
  channel: Channel;
  /** The other end. */
  peer: Channel;
  carry(): Outcome;
  /** The number of ids learnt each time. */
  learnt: number[];
  /** The frames of the peer that the session digested, once it has ended. */
  rounds(): number;
}

/** A session over a channel of which the test holds the other end; frames take 10 ms. */
export async function setUp(
  session: Session,
  { keep }: { keep?: () => void } = {},
  window: { receiveWindowBytes?: number } = {},
): Promise<Scene> {
  const clock = new VirtualClock();
  const network = new MemoryNetwork({ clock, random: new SeededRandom('carrier') });
  network.connect('a', 'b', { latencyMs: 10 });
  const limits = { maxFrameBytes: 8 * 1024 * 1024 };
  const held = await heldChannel(network.node('b'), 'p', { ...limits, ...window });
  const opening = network.node('a').open('b', 'p', limits);
  const [channel, peer] = (await soon(
    clock,
    'the channel opens',
    Promise.all([opening, held.arrived]),
  )) as [Channel, Channel];
  const learnt: number[] = [];
  let rounds = 0;
  const run = runOf(session, {
    channel: keep === undefined ? channel : Object.assign(channel, { end: keep }),
    clock,
    missing: (_, ids) => learnt.push(ids.length),
  });
  const begin = clock.monotonic();
  const carry = (): Outcome => {
    const outcome: Outcome = { error: null, at: -1 };
    void run.run().then((report) => {
      rounds = report.rounds;
      outcome.error = report.error;
      outcome.at = clock.monotonic() - begin;
    });
    return outcome;
  };
  return { clock, channel, peer, carry, learnt, rounds: () => rounds };
}
