/** What one run of a pipeline does. */
export interface PipelineWork<Prepared, Result> {
  readonly prepare: () => Prepared;
  /**
   * Called when everything before was carried out: what was prepared still holds, or something else is
   * prepared in its place. Nothing is prepared on top of it before.
   */
  readonly confirm: (prepared: Prepared) => Prepared;
  readonly carryOut: (prepared: Prepared) => Promise<Result>;
  /** Whether to prepare it only when nothing is being carried out. */
  readonly alone: boolean;
}

/**
 * Work in two steps, each in the order of the calls: while one is being carried out, the next is
 * prepared, but no more than that one.
 */
export class Pipeline {
  readonly #rest: () => Promise<void>;
  /** Settles when the next one may be prepared. */
  #free: Promise<unknown> = Promise.resolve();
  /** Settles when all there is was carried out, or has failed. */
  #done: Promise<unknown> = Promise.resolve();

  /** @param rest Called before something is prepared, which waits for it. */
  constructor(rest: () => Promise<void>) {
    this.#rest = rest;
  }

  run<Prepared, Result>(work: PipelineWork<Prepared, Result>): Promise<Result> {
    const before = this.#done;
    const prepared = (work.alone ? before : this.#free).then(this.#rest).then(work.prepare);
    const confirmed = inOrder(before, prepared, work.confirm);
    const result = confirmed.then(work.carryOut);
    this.#free = Promise.allSettled([confirmed]);
    this.#done = Promise.allSettled([result]);
    return result;
  }

  /** Resolves when all there is was carried out, or has failed. */
  async idle(): Promise<void> {
    await this.#done;
  }
}

async function inOrder<Prepared>(
  before: Promise<unknown>,
  prepared: Promise<Prepared>,
  confirm: (prepared: Prepared) => Prepared,
): Promise<Prepared> {
  await Promise.allSettled([before, prepared]);
  return confirm(await prepared);
}
