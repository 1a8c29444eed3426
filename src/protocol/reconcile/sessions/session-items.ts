import type { ItemRoom, ShortItem, Step } from '../dialect.ts';
import type { OpenReport } from '../report.ts';
import type { RunningIntervals } from './running-intervals.ts';
import type { SessionEnvironment } from './types.ts';

type ItemEnvironment = Pick<SessionEnvironment, 'events' | 'options' | 'intervals' | 'itemTotals'>;

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

  /**
   * The peer is not read from meanwhile: no more items wait than the owner lets wait. Rejects with the reason of the
   * signal: an owner that takes none for long must not keep the session.
   */
  async hand({ items }: Step, signal: AbortSignal): Promise<void> {
    if (items === undefined) return;
    const { events, itemTotals } = this.#environment;
    for (const { payload } of items) itemTotals.receivedBytes += payload.length;
    const taken = events.items?.(this.#peer, items);
    if (taken !== undefined) await unlessAborted(taken, signal);
  }

  /** Reads items as `shortItem` does, and counts them as sent. */
  counted(shortItem: ShortItem): ShortItem {
    return (id, maxBytes) => {
      const item = shortItem(id, maxBytes);
      this.#environment.itemTotals.sentBytes += item?.payload.length ?? 0;
      return item;
    };
  }

  end(): void {
    this.#place?.leave();
    this.#place = null;
  }
}

async function unlessAborted(work: Promise<void>, signal: AbortSignal): Promise<void> {
  const aborted = Promise.withResolvers<never>();
  const giveUp = (): void => aborted.reject(signal.reason);
  if (signal.aborted) giveUp();
  signal.addEventListener('abort', giveUp);
  try {
    await Promise.race([work, aborted.promise]);
  } finally {
    signal.removeEventListener('abort', giveUp);
  }
}
