import { type Cancel, type Replica, type Retention, StoreError } from '../../store/index.ts';
import type { RetentionStatus } from '../control-api.ts';
import { FloorKeeper, type FloorKeeperInit } from './floor-keeper.ts';
import type { RetentionOptions } from './options.ts';
import { Removal } from './removal.ts';

export interface PrunerInit extends FloorKeeperInit {
  replica: Pick<Replica, 'snapshot' | 'figures'> & { readonly retention: Retention };
}

/** Of a node that keeps everything. */
export const NO_RETENTION: RetentionStatus = {
  floor: null,
  goal: null,
  removedItems: 0,
  removedBytes: 0,
  left: 0,
  running: false,
  waits: null,
};

const LOOK_MS = 10_000;

/** Keeps the set within its retention: raises the floor, and removes the items below it. */
export class Pruner {
  readonly #init: PrunerInit;
  readonly #retention: Retention;
  readonly #keeper: FloorKeeper;
  readonly #removal: Removal;
  #cancel: Cancel = () => undefined;
  #running: Promise<void> | null = null;
  #again = false;
  #stopped = false;
  #failure: string | null = null;

  constructor(init: PrunerInit) {
    const { replica, clock } = init;
    this.#init = init;
    this.#retention = replica.retention;
    this.#keeper = new FloorKeeper(init);
    const held = (): number => replica.figures().items;
    this.#removal = new Removal({ retention: replica.retention, held, clock });
  }

  start(): void {
    void this.#look();
  }

  change(options: RetentionOptions): void {
    this.#keeper.change(options);
    void this.#look();
  }

  /** Believes the wall clock as it was at the last look. */
  confirm(): RetentionStatus {
    this.#keeper.confirm();
    void this.#look();
    return this.status;
  }

  get status(): RetentionStatus {
    const { floor, progress } = this.#retention;
    const { goal, trouble } = this.#keeper;
    return {
      floor: shown(floor),
      goal: shown(goal),
      ...progress,
      running: this.#running !== null,
      waits: trouble,
    };
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    this.#cancel();
    this.#removal.stop();
    await this.#running;
  }

  /** Resolves once all that is due is done. A look that is asked for meanwhile follows. */
  #look(): Promise<void> {
    if (this.#stopped) return Promise.resolve();
    this.#again = true;
    this.#running ??= this.#work().finally(() => {
      this.#running = null;
      if (!this.#stopped) this.#cancel = this.#init.clock.after(LOOK_MS, () => this.#look());
    });
    return this.#running;
  }

  async #work(): Promise<void> {
    this.#cancel();
    while (this.#again && !this.#stopped) {
      this.#again = false;
      try {
        const floor = await this.#keeper.rise();
        if (floor !== null) this.#removal.raised(floor);
        await this.#removal.run();
        this.#failure = null;
      } catch (error) {
        this.#failed(error);
      }
    }
  }

  /** The next look tries again. */
  #failed(error: unknown): void {
    const code = error instanceof StoreError ? error.code : 'INTERNAL';
    if (code === this.#failure || this.#stopped) return;
    this.#failure = code;
    const text = `items below the floor were not removed, and will be tried again: ${(error as Error).message}`;
    this.#init.logger.warn({ event: 'retention-failed', code }, text);
  }
}

function shown(floor: bigint): string | null {
  return floor === 0n ? null : `${floor}`;
}
