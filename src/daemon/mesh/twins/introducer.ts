import type { Connection } from '@libp2p/interface';
import { type Channel, ProtocolError } from '../../../protocol/index.ts';
import { openChannel } from '../../../protocol/libp2p.ts';
import type { Clock } from '../../../store/index.ts';
import type { Logger } from '../../logging.ts';
import { EXCHANGE_MS, MAX_FRAME_BYTES, PAUSE_MS, WINDOW_BYTES } from './constants.ts';

interface IntroducerInit {
  readonly protocol: string;
  readonly clock: Clock;
  readonly logger: Logger;
  /** A connection with each run of the peer, the run that connected last at the end. */
  runs(peer: string): readonly Connection[];
}

/** The introductions of one peer. */
interface MeetingPlace {
  readonly control: AbortController;
  /** Ends the pause between two of them. */
  again: PromiseWithResolvers<void>;
}

/** A claim and a proof. */
const FRAMES_EACH_WAY = 2;

/**
 * Introduces the runs of one identity to each other: passes on what they say, and need not be trusted by them.
 * A former run whose connection has not ended yet says nothing, so nothing comes of it.
 */
export class Introducer {
  readonly #init: IntroducerInit;
  readonly #meetings = new Map<string, MeetingPlace>();
  #stopped = false;

  constructor(init: IntroducerInit) {
    this.#init = init;
  }

  /**
   * A further run of the peer has connected: introduces its runs now, or after the introduction under way, and
   * then every 30 seconds until `parted`.
   */
  met(peer: string): void {
    if (this.#stopped) return;
    const known = this.#meetings.get(peer);
    if (known !== undefined) {
      known.again.resolve();
      return;
    }
    const meeting = { control: new AbortController(), again: Promise.withResolvers<void>() };
    this.#meetings.set(peer, meeting);
    void this.#introduceAll(peer, meeting);
  }

  /** At most one run of the peer is left. */
  parted(peer: string): void {
    const meeting = this.#meetings.get(peer);
    this.#meetings.delete(peer);
    meeting?.control.abort(calledOff());
    meeting?.again.resolve();
  }

  stop(): void {
    this.#stopped = true;
    for (const peer of [...this.#meetings.keys()]) this.parted(peer);
  }

  async #introduceAll(peer: string, meeting: MeetingPlace): Promise<void> {
    const { signal } = meeting.control;
    while (!signal.aborted) {
      meeting.again = Promise.withResolvers<void>();
      const runs = this.#init.runs(peer);
      const newest = runs.at(-1)!;
      for (const run of runs.slice(0, -1)) await this.#introduce(peer, [run, newest], signal);
      const cancel = this.#init.clock.after(PAUSE_MS, meeting.again.resolve);
      await meeting.again.promise;
      cancel();
    }
  }

  async #introduce(
    peer: string,
    runs: readonly [Connection, Connection],
    signal: AbortSignal,
  ): Promise<void> {
    const { clock, logger } = this.#init;
    const late = new AbortController();
    const cancel = clock.after(EXCHANGE_MS, () => late.abort(tooLate()));
    try {
      await this.#passOn(runs, AbortSignal.any([signal, late.signal]));
      logger.debug({ peer }, 'two runs of a peer have met here');
    } catch (error) {
      logger.debug({ peer, err: error }, 'two runs of a peer have not met here');
    } finally {
      cancel();
    }
  }

  async #passOn(runs: readonly [Connection, Connection], signal: AbortSignal): Promise<void> {
    const opened = await Promise.allSettled(runs.map((run) => this.#open(run, signal)));
    const channels = opened.flatMap((each) => (each.status === 'fulfilled' ? [each.value] : []));
    const end = (error: ProtocolError) => {
      for (const channel of channels) channel.abort(error);
    };
    const ended = () => end(signal.reason);
    signal.addEventListener('abort', ended);
    try {
      signal.throwIfAborted();
      for (const each of opened) if (each.status === 'rejected') throw each.reason;
      const [one, two] = channels as [Channel, Channel];
      await Promise.all([pass(one, two), pass(two, one)]);
    } catch (error) {
      end(error as ProtocolError);
      throw error;
    } finally {
      signal.removeEventListener('abort', ended);
    }
  }

  #open(run: Connection, signal: AbortSignal): Promise<Channel> {
    const bounds = { maxFrameBytes: MAX_FRAME_BYTES, receiveWindowBytes: WINDOW_BYTES };
    return openChannel(run, this.#init.protocol, { ...bounds, signal });
  }
}

async function pass(from: Channel, to: Channel): Promise<void> {
  for (let frames = 0; frames < FRAMES_EACH_WAY; frames++) {
    const frame = await from.receive();
    if (frame === null) throw new ProtocolError('STREAM_CLOSED', 'a run ended the exchange early');
    await to.send(frame);
  }
  await to.close();
}

function tooLate(): ProtocolError {
  return new ProtocolError('TIMEOUT', `the runs did not meet within ${EXCHANGE_MS} ms`);
}

function calledOff(): ProtocolError {
  return new ProtocolError('ABORTED', 'one of the runs is gone');
}
