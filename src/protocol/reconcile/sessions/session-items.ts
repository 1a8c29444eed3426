import type { ItemRoom, Step } from '../dialect.ts';
import type { OpenReport } from '../report.ts';
import type { RunningIntervals } from './running-intervals.ts';
import type { SessionEnvironment } from './types.ts';

type ItemEnvironment = Pick<SessionEnvironment, 'events' | 'options' | 'intervals'>;

/** The items of one session that come in place of ids. */
export class SessionItems {
  readonly #environment: ItemEnvironment;
  readonly #peer: string;
  #place: ReturnType<RunningIntervals['enter']> | null = null;

  constructor(environment: ItemEnvironment, peer: string) {
    this.#environment = environment;
    this.#peer = peer;
  }

  /** The session begins: what the peer may send. Sessions beside it would bring the same items. */
  begin({ mode, interval }: Pick<OpenReport, 'mode' | 'interval'>): ItemRoom | null {
    if (mode !== 'reconcile') return null;
    const { events, options, intervals } = this.#environment;
    const { itemBytes: maxBytes, sessionItemBytes: totalBytes } = options;
    this.#place = intervals.enter(interval);
    const takes = maxBytes > 0 && this.#place.alone && events.takesItems?.(this.#peer) === true;
    return takes ? { maxBytes, totalBytes } : null;
  }

  /** The peer is not read from meanwhile: no more items wait than the owner lets wait. */
  async hand({ items }: Step): Promise<void> {
    if (items !== undefined) await this.#environment.events.items?.(this.#peer, items);
  }

  end(): void {
    this.#place?.leave();
    this.#place = null;
  }
}
