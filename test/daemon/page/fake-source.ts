import type { PageSource } from '../../../src/daemon/page/live/index.ts';
import { changesIn, proofOf, statusWith, syncedWith } from './state.ts';

/** A daemon that the page follows. Its order of arrival grows as the test says. */
export class FakeSource implements PageSource {
  newest = 0;
  epoch: string = 'e'.repeat(16);
  /** Planted; thrown by each call. */
  fault: Error | null = null;
  /** Planted; thrown by the next read of the order of arrival. */
  feedFault: Error | null = null;
  equalAt: string | null = null;
  readonly reads: { since: number; limit: number | undefined }[] = [];
  readonly strictQuestions: number[] = [];
  looks = 0;
  readonly #arrived = new Set<() => void>();

  arrive(items: number): void {
    this.newest += items;
    for (const wake of this.#arrived) wake();
  }

  getStatus: PageSource['getStatus'] = async () => {
    this.#trip();
    this.looks++;
    return statusWith();
  };

  listSessions: PageSource['listSessions'] = async () => ({ running: [], ended: [] });

  listWants: PageSource['listWants'] = async () => ({
    wanted: 0,
    orphans: 0,
    items: [],
    cursor: null,
  });

  getSynced: PageSource['getSynced'] = async ({ maxLagSeconds = 0 } = {}) => {
    this.#trip();
    if (maxLagSeconds === 1) this.strictQuestions.push(this.newest);
    return syncedWith({ peers: [proofOf('peer-a', this.equalAt)] });
  };

  watchEvents: PageSource['watchEvents'] = async function* ({ signal } = {}) {
    yield* [];
    await ended(signal!);
  };

  listChanges: PageSource['listChanges'] = (init = {}) => this.#changes(init);

  async *#changes({
    since = 0,
    limit = 0,
    waitSeconds,
    signal,
  }: Parameters<PageSource['listChanges']>[0] & {}): ReturnType<PageSource['listChanges']> {
    const { feedFault } = this;
    this.feedFault = null;
    if (feedFault !== null) throw feedFault;
    this.#trip();
    if (waitSeconds !== undefined) {
      this.reads.push({ since, limit });
      if (this.newest <= since) await this.#next(signal!);
    }
    const { newest, epoch } = this;
    yield { epoch, since, newest };
    const last = Math.min(newest, since + limit);
    yield* changesIn(since + 1, last + 1);
    yield { last, epoch };
  }

  #next(signal: AbortSignal): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#arrived.add(resolve);
    return Promise.race([promise, ended(signal)]);
  }

  #trip(): void {
    if (this.fault !== null) throw this.fault;
  }
}

/** Rejects when the signal aborts, as `fetch` does. */
function ended(signal: AbortSignal): Promise<void> {
  return new Promise((_, reject) => {
    signal.addEventListener('abort', () => reject(signal.reason), { once: true });
  });
}
