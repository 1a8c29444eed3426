import type { Clock, Item, PolicyRefusal } from '../../../store/index.ts';
import type { GuardCheck, ItemOrigin, Verdicts } from '../guard.ts';
import { sourceOf } from '../quotas/index.ts';
import type { ItemRefusal } from '../refusal.ts';
import type { PolicyOptions } from './options.ts';
import type { Policy } from './policy.ts';
import { type Outcome, Questions } from './questions.ts';
import { Retry } from './retry.ts';

export interface PolicyCheckInit {
  readonly policy: Policy;
  readonly clock: Clock;
  readonly options: PolicyOptions;
  /** Remembers what the policy refused, so that it is not fetched of the same peer and asked about again. */
  readonly remember: (items: readonly PolicyRefusal[]) => void;
}

/** Answers by kind since the start. */
export interface PolicyFigures {
  readonly taken: number;
  readonly refused: number;
  /** Items without an answer, whatever became of them. */
  readonly failed: number;
  /** Items that came while too many waited. */
  readonly busy: number;
  readonly waiting: number;
  readonly up: boolean;
}

/** Asks a policy about each item that nothing else refuses. */
export class PolicyCheck implements GuardCheck {
  readonly #init: PolicyCheckInit;
  readonly #questions: Questions;
  readonly #retry: Retry;
  #taking: () => void = () => undefined;
  readonly #totals = { taken: 0, refused: 0, failed: 0, busy: 0 };

  constructor(init: PolicyCheckInit) {
    this.#init = init;
    this.#questions = new Questions(init);
    this.#retry = new Retry({
      clock: init.clock,
      isReady: () => init.policy.down === null && this.#questions.size === 0,
      retry: () => this.#taking(),
    });
  }

  get figures(): PolicyFigures {
    const up = this.#init.policy.down === null;
    return { ...this.#totals, waiting: this.#questions.size, up };
  }

  /** Announced items are passed on without an answer: the policy is that of this node alone. */
  refusalOf(): null {
    return null;
  }

  /** While the policy is down nothing is fetched that would be refused. */
  takesFrom(): boolean {
    return this.#init.options.onFailure === 'accept' || this.#init.policy.down === null;
  }

  /** The listener hears each time that items may be taken again for which the policy had no answer. */
  onTaking(listener: () => void): void {
    const { policy, options } = this.#init;
    this.#taking = listener;
    if (options.onFailure === 'refuse') policy.onUp(listener);
  }

  stop(): void {
    this.#retry.stop();
    this.#init.policy.stop();
  }

  /** Fetched items wait however many there are: the requests that bring them are bounded. */
  async judge(items: readonly Item[], origin: ItemOrigin): Promise<Verdicts> {
    const { maxWaiting } = this.#init.options;
    const { size } = this.#questions;
    if (origin.via !== 'fetch' && size > 0 && size + items.length > maxWaiting) {
      this.#totals.busy += items.length;
      if (origin.via !== 'http') this.#retry.note();
      return items.map(() => busy(maxWaiting));
    }
    const outcomes = await this.#questions.ask(items.map((item) => ({ item, origin })));
    // A client has its answer, and may ask again once the policy has changed.
    if (origin.peer !== null) {
      const source = sourceOf({ ...origin, peer: origin.peer });
      this.#init.remember(refusedOf(items, outcomes, source));
      const failed = outcomes.some((outcome) => 'failed' in outcome);
      if (failed && this.#init.options.onFailure === 'refuse') this.#retry.note();
    }
    return outcomes.map((outcome) => this.#verdict(outcome));
  }

  #verdict(outcome: Outcome): ItemRefusal | null {
    if ('failed' in outcome) {
      this.#totals.failed++;
      return this.#init.options.onFailure === 'accept' ? null : failure(outcome.failed);
    }
    this.#totals[outcome.take ? 'taken' : 'refused']++;
    return outcome.take ? null : refusal(outcome.reason);
  }
}

function refusedOf(
  items: readonly Item[],
  outcomes: readonly Outcome[],
  source: string,
): PolicyRefusal[] {
  return outcomes.flatMap((outcome, i) => {
    if ('failed' in outcome || outcome.take) return [];
    const { hint, id } = items[i]!;
    return [{ id, hint, source, reason: outcome.reason }];
  });
}

function refusal(reason: string): ItemRefusal {
  const message = `the policy of this node refuses the item${reason === '' ? '' : `: ${reason}`}`;
  return { code: 'POLICY_REFUSED', message, lasting: 'peer' };
}

function failure(reason: string): ItemRefusal {
  const message = `the policy of this node failed: ${reason}; look at the log, and try again later`;
  return { code: 'POLICY_FAILED', message, lasting: false };
}

function busy(maxWaiting: number): ItemRefusal {
  const message = `more than ${maxWaiting} items wait for the policy of this node; try again later`;
  return { code: 'POLICY_BUSY', message, lasting: false };
}
