import type { Logger } from 'pino';
import { bytesToHex } from '../../../store/index.ts';
import { answerOf } from './lines.ts';
import type { ItemDecision, ItemQuestion, Policy } from './policy.ts';

/** What a policy module is asked about one item. */
export interface PolicyQuestion {
  readonly hint: bigint;
  /** 64 hexadecimal digits. */
  readonly id: string;
  /** Length of the payload. */
  readonly bytes: number;
  readonly publisher: string | null;
  readonly peer: string | null;
  readonly via: 'http' | 'push' | 'fetch';
  /** The first `policy.firstBytes` bytes of the payload. */
  readonly first: Uint8Array;
}

/** The default export of a policy module: one answer for each item, in order. */
export type PolicyFunction = (
  items: readonly PolicyQuestion[],
) => Promise<readonly PolicyAnswer[]> | readonly PolicyAnswer[];
export type PolicyAnswer = boolean | { readonly take: boolean; readonly reason?: string };

export interface ModulePolicyInit {
  readonly decide: PolicyFunction;
  readonly logger: Logger;
  readonly firstBytes: number;
}

/** A function that is asked. While a late call of it has not settled it is down: it would pile up calls. */
export class ModulePolicy implements Policy {
  readonly #init: ModulePolicyInit;
  #down: string | null = null;
  #stopped = false;
  #up: () => void = () => undefined;

  constructor(init: ModulePolicyInit) {
    this.#init = init;
  }

  get down(): string | null {
    return this.#down;
  }

  async ask(
    questions: readonly ItemQuestion[],
    signal: AbortSignal,
  ): Promise<readonly ItemDecision[]> {
    const { decide, firstBytes, logger } = this.#init;
    const late = Promise.withResolvers<never>();
    const abort = (): void => {
      this.#down = (signal.reason as Error).message;
      late.reject(signal.reason);
    };
    signal.addEventListener('abort', abort);
    const call = async () => decide(questions.map(shown(firstBytes)));
    const settled = call().finally(() => {
      signal.removeEventListener('abort', abort);
      if (this.#down === null || this.#stopped) return;
      this.#down = null;
      this.#up();
    });
    try {
      return readAnswers(await Promise.race([settled, late.promise]), questions.length);
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      logger.warn({ code: 'POLICY_FAILED', reason }, 'the policy module failed');
      throw new Error(reason, { cause: error });
    }
  }

  onUp(listener: () => void): void {
    this.#up = listener;
  }

  stop(): void {
    this.#stopped = true;
    this.#down = 'the daemon stops';
  }
}

function shown(firstBytes: number): (question: ItemQuestion) => PolicyQuestion {
  return ({ item: { hint, id, payload }, origin: { publisher, peer, via } }) => ({
    ...{ hint, id: bytesToHex(id), bytes: payload.length, publisher, peer, via },
    // A copy: the payload is still to be stored.
    first: payload.slice(0, firstBytes),
  });
}

function readAnswers(answers: unknown, count: number): ItemDecision[] {
  if (!Array.isArray(answers) || answers.length !== count) {
    throw new Error(`the module must return an array of ${count} answers`);
  }
  return answers.map((given: unknown) => {
    const answer = answerOf(typeof given === 'boolean' ? { take: given } : given);
    if (answer === null) throw new Error('an answer must be true, false or {take, reason}');
    return answer;
  });
}
