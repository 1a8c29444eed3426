import type { Clock, Retention } from '../../store/index.ts';
import type { HintOptions } from './options.ts';

interface AcceptedHintsInit {
  clock: Pick<Clock, 'now'>;
  retention: Pick<Retention, 'floor'>;
  options: HintOptions;
}

/** Which hints this node accepts at present. */
export class AcceptedHints {
  readonly #clock: Pick<Clock, 'now'>;
  readonly #retention: Pick<Retention, 'floor'>;
  #options: HintOptions;

  constructor({ clock, retention, options }: AcceptedHintsInit) {
    this.#clock = clock;
    this.#retention = retention;
    this.#options = options;
  }

  change(options: HintOptions): void {
    this.#options = options;
  }

  /** The lowest hint that is taken; it never falls. */
  get floor(): bigint {
    return this.#retention.floor;
  }

  /** The highest hint of a new item; null: there is no bound. */
  get ceiling(): bigint | null {
    const { unit, maxAhead } = this.#options;
    if (unit === 'none' || maxAhead === 0) return null;
    return BigInt(Math.max(0, this.#clock.now()) + maxAhead);
  }
}
