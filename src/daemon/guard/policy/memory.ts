import type { Logger } from 'pino';
import { bytesToKey, type PolicyRefusal, type Replica } from '../../../store/index.ts';

export interface PolicyMemoryInit {
  readonly refusals: Pick<Replica['refusals'], 'note'>;
  readonly logger: Logger;
  /**
   * Refusals that wait for the disk. Further ones are not remembered: their items are asked about again.
   * @default 4_096
   */
  readonly maxWaiting?: number;
}

/** Has refusals remembered, one write at a time. What comes meanwhile shares the next write. */
export class PolicyMemory {
  readonly #init: PolicyMemoryInit;
  /** By source and id. */
  readonly #waiting = new Map<string, PolicyRefusal>();
  #writing = false;

  constructor(init: PolicyMemoryInit) {
    this.#init = init;
  }

  remember(items: readonly PolicyRefusal[]): void {
    const { maxWaiting = 4_096 } = this.#init;
    for (const item of items) {
      if (this.#waiting.size >= maxWaiting) break;
      this.#waiting.set(`${item.source} ${bytesToKey(item.id)}`, item);
    }
    if (!this.#writing) void this.#write();
  }

  /** Where that fails, the items are fetched and asked about again. */
  async #write(): Promise<void> {
    const { refusals, logger } = this.#init;
    this.#writing = true;
    while (this.#waiting.size > 0) {
      const items = [...this.#waiting.values()];
      this.#waiting.clear();
      await refusals.note(items).catch((err) => {
        logger.warn({ err }, 'items that the policy refused were not noted');
      });
    }
    this.#writing = false;
  }
}
