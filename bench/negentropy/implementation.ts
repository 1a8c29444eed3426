import type { Input } from './sets.ts';

/** What a session found; ids in hex. */
export interface Outcome {
  /** Bytes of all messages. */
  readonly bytes: number;
  /** What side `a` alone holds, and side `b`. */
  found(): { a: string[]; b: string[] };
}

/** One implementation of Negentropy over one of its storages. */
export interface Implementation<Set, Prepared> {
  create(): Promise<Set>;
  /** Items in the form that `insert` takes; this is not timed. */
  prepare(batch: readonly Input[]): Prepared;
  insert(set: Set, prepared: Prepared): void | Promise<void>;
  seal(set: Set): void;
  /** A whole session, `a` being the initiator, without a frame size limit. */
  reconcile(a: Set, b: Set): Outcome;
  destroy(set: Set): Promise<void>;
}

/** An implementation whose types do not matter any more. */
export type AnyImplementation = Implementation<unknown, unknown>;

export function implementation<Set, Prepared>(
  of: Implementation<Set, Prepared>,
): AnyImplementation {
  return of as unknown as AnyImplementation;
}
