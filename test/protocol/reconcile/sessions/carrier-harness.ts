import assert from 'node:assert/strict';
import {
  type Channel,
  ProtocolError,
  type Session,
  type Step,
} from '../../../../src/protocol/index.ts';
import { Carrier, type CarrierInit } from '../../../../src/protocol/reconcile/sessions/testing.ts';
import { VirtualClock } from '../../../support/clock.ts';
import { heldChannel } from '../../../support/held-channel.ts';
import { MemoryNetwork } from '../../../support/memory-network.ts';
import { SeededRandom } from '../../../support/random.ts';
import { soon } from '../../../support/soon.ts';

export const STEP: Step = { frames: [], missing: [], done: false };
export const DONE: Step = { ...STEP, done: true };
export const frame = (...bytes: number[]): Uint8Array => Uint8Array.from(bytes);

/** A session that does what it is told to, one step for each call, and the calls. */
export class Scripted implements Session {
  readonly role: Session['role'] = 'initiator';
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

/** What came of it, and when, in milliseconds from the beginning; -1 as long as it goes on. */
export interface Outcome {
  error: unknown;
  at: number;
}

export interface Scene {
  clock: VirtualClock;
  channel: Channel;
  /** The other end. */
  peer: Channel;
  carry(first?: Uint8Array): Outcome;
  /** When each frame was digested, and how many ids were learnt each time. */
  digested: number[];
  learnt: number[];
}

/** A carrier over a channel of which the test holds the other end; frames take 10 ms. */
export async function setUp(
  session: Session,
  { keep, ...init }: Partial<CarrierInit> & { keep?: () => void } = {},
  window: { receiveWindowBytes?: number } = {},
): Promise<Scene> {
  const clock = new VirtualClock();
  const network = new MemoryNetwork({ clock, random: new SeededRandom('carrier') });
  network.connect('a', 'b', { latencyMs: 10 });
  const held = await heldChannel(network.node('b'), 'p', { maxFrameBytes: 1_000, ...window });
  const opening = network.node('a').open('b', 'p', { maxFrameBytes: 1_000 });
  const [channel, peer] = (await soon(
    clock,
    'the channel opens',
    Promise.all([opening, held.arrived]),
  )) as [Channel, Channel];
  const digested: number[] = [];
  const learnt: number[] = [];
  const carrier = new Carrier({
    channel: keep === undefined ? channel : Object.assign(channel, { end: keep }),
    clock,
    frameTimeoutMs: 1_000,
    events: {
      missing: (ids) => learnt.push(ids.length),
      digested: () => digested.push(clock.monotonic()),
    },
    ...init,
  });
  const begin = clock.monotonic();
  const carry = (first?: Uint8Array): Outcome => {
    const outcome: Outcome = { error: undefined, at: -1 };
    void carrier.carry(session, first).then(
      () => {
        outcome.at = clock.monotonic() - begin;
      },
      (error) => {
        outcome.error = error;
        outcome.at = clock.monotonic() - begin;
      },
    );
    return outcome;
  };
  return { clock, channel, peer, carry, digested, learnt };
}

export function codeOf({ error }: Pick<Outcome, 'error'>): unknown {
  return error instanceof ProtocolError ? [error.code, error.message] : error;
}
