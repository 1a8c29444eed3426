import { StoreError } from './errors.ts';

/** The smallest thing whose end keeps a wrong state from being used. */
export type InvariantEnd = 'session' | 'commit' | 'process';

/** A statement that this code keeps true, whatever peers, clients and disks do, was false. */
export class InvariantError extends StoreError {
  declare readonly code: 'INVARIANT_BROKEN';
  /** Its name in docs/incidents.md. */
  readonly invariant: string;
  readonly ends: InvariantEnd;

  constructor(ends: InvariantEnd, invariant: string, seen: readonly unknown[]) {
    super(
      'INVARIANT_BROKEN',
      `${invariant} does not hold (seen: ${seen.join(', ')}): this is a fault of rangemesh, not of its ` +
        'data; please report it with the log',
    );
    this.invariant = invariant;
    this.ends = ends;
  }
}

type BrokenListener = (error: InvariantError) => void;

const listeners = new Set<BrokenListener>();

/** Tells of each broken invariant of this process, before the error is thrown. The result ends that. */
export function onBrokenInvariant(listener: BrokenListener): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

/**
 * Throws an `InvariantError` unless it holds. It stays on in production, so it must be cheap.
 *
 * @param ends The call that throws belongs to a session or a commit, which ends; or the process must end.
 * @param name Unique, and told in docs/incidents.md.
 * @param seen The values that show it, for the message.
 */
export function invariant(holds: boolean, ends: InvariantEnd, name: string, seen: unknown): void {
  if (!holds) broken(ends, name, seen);
}

function broken(ends: InvariantEnd, name: string, seen: unknown): never {
  const error = new InvariantError(ends, name, Array.isArray(seen) ? seen : [seen]);
  for (const listener of listeners) listener(error);
  throw error;
}
