import type { Item } from '../../../store/index.ts';
import type { ItemOrigin } from '../guard.ts';

/** An item that a policy is asked about. */
export interface ItemQuestion {
  readonly item: Item;
  readonly origin: ItemOrigin;
}

/** What a policy says about one item. */
export interface ItemDecision {
  readonly take: boolean;
  /** Why it is not taken; empty where the policy gives no reason. */
  readonly reason: string;
}

/** A policy: a program or a function. It is asked one batch at a time. */
export interface Policy {
  /** Why it cannot be asked at present; null: it can. */
  readonly down: string | null;
  /**
   * One answer for each question, in order. Rejects once the policy failed, with the reason as message, or
   * when the signal aborts; the policy is down then, and comes up again by itself.
   */
  ask(questions: readonly ItemQuestion[], signal: AbortSignal): Promise<readonly ItemDecision[]>;
  /** The listener hears each time that it can be asked again. */
  onUp(listener: () => void): void;
  stop(): void;
}
