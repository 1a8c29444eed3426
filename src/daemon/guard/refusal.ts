/** The codes of refusals; they are stable. */
export type GuardCode =
  | 'HINT_TOO_OLD'
  | 'HINT_TOO_NEW'
  | 'ITEM_REFUSED'
  | 'POLICY_REFUSED'
  | 'POLICY_FAILED'
  | 'POLICY_BUSY'
  | 'ROLE_READ'
  | 'PEER_QUOTA'
  | 'PUBLISHER_QUOTA';

/** Why this node does not take an item. */
export interface ItemRefusal {
  readonly code: GuardCode;
  readonly message: string;
  /**
   * True: the item stays refused, whichever peer has it, and is not wanted any more. `peer`: it stays refused of this
   * peer, and others are asked.
   */
  readonly lasting: boolean | 'peer';
}

/** A put here that the guard refuses. `code` is stable; `message` says what to do. */
export class GuardError extends Error {
  override readonly name = 'GuardError';
  readonly code: GuardCode;

  constructor({ code, message }: ItemRefusal) {
    super(message);
    this.code = code;
  }
}
