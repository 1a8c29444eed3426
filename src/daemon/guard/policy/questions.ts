import type { Cancel, Clock } from '../../../store/index.ts';
import type { PolicyOptions } from './options.ts';
import type { ItemDecision, ItemQuestion, Policy } from './policy.ts';

/** What became of a question: an answer, or the reason why there is none. */
export type Outcome = ItemDecision | { readonly failed: string };

export interface QuestionsInit {
  readonly policy: Policy;
  readonly clock: Clock;
  readonly options: Pick<PolicyOptions, 'timeoutMs' | 'batchItems'>;
}

interface Waiting {
  readonly question: ItemQuestion;
  readonly resolve: (outcome: Outcome) => void;
}

/**
 * The questions to a policy. They go in batches, one batch at a time: what comes meanwhile waits here and not in
 * a pipe. While the policy is down, all that wait are told so: no question waits for a restart.
 */
export class Questions {
  readonly #init: QuestionsInit;
  #waiting: Waiting[] = [];
  #asked = 0;

  constructor(init: QuestionsInit) {
    this.#init = init;
  }

  /** Questions without an answer. */
  get size(): number {
    return this.#waiting.length + this.#asked;
  }

  ask(questions: readonly ItemQuestion[]): Promise<Outcome[]> {
    const outcomes = questions.map((question) => {
      const { promise, resolve } = Promise.withResolvers<Outcome>();
      this.#waiting.push({ question, resolve });
      return promise;
    });
    if (this.#asked === 0) void this.#run();
    return Promise.all(outcomes);
  }

  async #run(): Promise<void> {
    const { policy, options } = this.#init;
    while (this.#waiting.length > 0) {
      if (policy.down !== null) {
        this.#failAll(policy.down);
        return;
      }
      const batch = this.#waiting.splice(0, options.batchItems);
      this.#asked = batch.length;
      const outcomes = await this.#askInTime(batch.map(({ question }) => question));
      this.#asked = 0;
      for (const [i, { resolve }] of batch.entries()) resolve(outcomes[i]!);
    }
  }

  async #askInTime(questions: readonly ItemQuestion[]): Promise<readonly Outcome[]> {
    const { policy, clock, options } = this.#init;
    const deadline = new AbortController();
    const late = new Error(
      `it did not answer ${questions.length} questions in ${options.timeoutMs} ms`,
    );
    const cancel: Cancel = clock.after(options.timeoutMs, () => deadline.abort(late));
    try {
      return await policy.ask(questions, deadline.signal);
    } catch (error) {
      const failed = (error as Error).message;
      return questions.map(() => ({ failed }));
    } finally {
      cancel();
    }
  }

  #failAll(failed: string): void {
    for (const { resolve } of this.#waiting.splice(0)) resolve({ failed });
  }
}
