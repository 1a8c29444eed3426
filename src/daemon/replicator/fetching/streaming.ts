import type { Fetch, RangePart, RangeReport } from '../../../protocol/index.ts';
import { type Bound, type BulkPace, compareBounds, delay } from '../../../store/index.ts';
import type { SharedParts } from '../parts.ts';
import type { Pause } from '../pause.ts';
import { Intake, Window } from './intake.ts';
import type { RefusedIds } from './refused-ids.ts';

export interface StreamingInit extends SharedParts {
  /** Gives the turns of the event loop in which items are put. */
  bulk: Pick<BulkPace, 'turn'>;
  fetch: Pick<Fetch, 'stream' | 'streams'>;
  pause: Pick<Pause, 'refused' | 'ended' | 'open'>;
  guarded: RefusedIds;
  /** A peer names items that are too long to be streamed. */
  listed: (peer: string, ids: readonly Uint8Array[]) => void;
}

/** A range that a peer is to stream. */
export interface StreamedRange {
  readonly peer: string;
  readonly lower: Bound;
  readonly upper: Bound;
  readonly signal: AbortSignal;
  /** Called with the number of items that came. */
  readonly came: (items: number) => void;
}

/** How the streaming of a range ended. */
export interface StreamResult {
  /** All items below it are here, or refused. */
  readonly end: Bound;
  readonly outcome: RangeReport['outcome'];
  /** The store did not take all items, through no fault of the peer. */
  readonly refused: boolean;
}

/**
 * Bytes of items that may wait for their commit. A kill loses them, and they come twice then: so few make
 * commits of full size.
 */
const WINDOW_BYTES = 1024 * 1024;

/** Items put in one turn of the event loop. */
const TOGETHER_ITEMS = 512;

/** Stores the items of ranges as peers stream them. */
export class Streaming {
  readonly #init: StreamingInit;
  readonly #window: Window;

  constructor(init: StreamingInit) {
    this.#init = init;
    this.#window = new Window(Math.min(WINDOW_BYTES, init.options.windowBytes));
  }

  /** Whether the peer can be asked for ranges now. */
  available(peer: string): boolean {
    const { fetch, pause, rates } = this.#init;
    const speaks = fetch.streams?.(peer) === true;
    return speaks && rates.debtMs(peer) === 0 && pause.open;
  }

  /** Never rejects. */
  async run(range: StreamedRange): Promise<StreamResult> {
    const { peer, lower, upper, signal } = range;
    const { fetch, clock, pause, observer } = this.#init;
    const taken = this.#aboveFloor(lower);
    if (compareBounds(taken, upper) >= 0) {
      return { end: upper, outcome: 'complete', refused: false };
    }
    const intake = this.#intake(peer);
    const startedAt = clock.monotonic();
    const report = await fetch.stream!({
      peer,
      lower: taken,
      upper,
      signal,
      onPart: (part) => this.#take(range, intake, part),
    });
    observer?.streamEnded(report, clock.monotonic() - startedAt);
    await intake.settle();
    this.#noteRefusals(peer, intake);
    if (intake.error !== null) pause.refused(intake.error);
    else pause.ended(intake.stored);
    const refused = intake.error !== null;
    this.#log(report, intake);
    return { end: refused ? lower : report.end, outcome: report.outcome, refused };
  }

  /** The floor may have risen since the range was planned: items below it would come in vain. */
  #aboveFloor(lower: Bound): Bound {
    const floor: Bound = { hint: this.#init.replica.retention.floor, id: null };
    return compareBounds(lower, floor) < 0 ? floor : lower;
  }

  #intake(source: string): Intake {
    const { replica, guard, wanted, observer } = this.#init;
    const window = this.#window;
    return new Intake({ replica, guard, window, wanted, source, observer: observer?.fetched });
  }

  async #take(range: StreamedRange, intake: Intake, part: RangePart): Promise<void> {
    const { rates, clock, listed, bulk } = this.#init;
    const { peer, signal } = range;
    const { items, long } = part;
    rates.came(peer, items);
    if (long.length > 0) {
      const ids = long.map(({ id }) => id);
      listed(peer, ids);
    }
    for (let at = 0; at < items.length; at += TOGETHER_ITEMS) {
      // A whole part at once would keep the event loop for longer than a turn.
      await bulk.turn();
      signal.throwIfAborted();
      await intake.take(items.slice(at, at + TOGETHER_ITEMS));
    }
    // A peer may send refused items without end.
    this.#noteRefusals(peer, intake);
    range.came(items.length);
    const debtMs = rates.debtMs(peer);
    if (debtMs === 0) return;
    rates.putOff(peer);
    await delay(clock, Math.ceil(debtMs), signal);
  }

  /** Items that are refused for good are not asked for again. */
  #noteRefusals(peer: string, { refusals }: Intake): void {
    for (const { id, refusal } of refusals.splice(0)) {
      if (refusal.lasting !== false) this.#init.guarded.add(peer, id);
    }
  }

  #log({ peer, outcome, items, payloadBytes, error }: RangeReport, intake: Intake): void {
    const line = { peer, outcome, items, payloadBytes, ...(intake.error ?? error) };
    if (outcome === 'complete' && intake.error === null) {
      this.#init.logger.debug(line, 'range streamed');
    } else {
      this.#init.logger.warn({ event: 'stream-failed', ...line }, 'range not streamed to its end');
    }
  }
}
