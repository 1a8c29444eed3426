import type { PartedSnapshot } from '../../buffer/index.ts';
import { StoreError } from '../../errors.ts';
import type { FingerprintScheme } from '../../fingerprint/index.ts';
import type { Bound, ItemKey } from '../../item.ts';
import { idRunsOf } from '../../ranks.ts';
import { fingerprintsBetween } from '../../storage.ts';

export interface SnapshotGuard {
  /** Called if a node is damaged. */
  readonly onDamage: (error: StoreError) => void;
  /** True only of ids that the snapshot does not hold, for which the disk need not be asked. */
  readonly isAbsent: (id: Uint8Array) => boolean;
}

/** A snapshot that reports damaged nodes to its owner. */
export class GuardedSnapshot implements PartedSnapshot {
  readonly #snapshot: PartedSnapshot;
  readonly #init: SnapshotGuard;
  #released = false;

  constructor(snapshot: PartedSnapshot, init: SnapshotGuard) {
    this.#snapshot = snapshot;
    this.#init = init;
  }

  get scheme(): FingerprintScheme {
    return this.#snapshot.scheme;
  }

  get size(): number {
    return this.#snapshot.size;
  }

  select(rank: number): ItemKey {
    return this.#guard(() => this.#snapshot.select(rank));
  }

  lowerBound(bound: Bound): number {
    return this.#guard(() => this.#snapshot.lowerBound(bound));
  }

  keys(begin: number, end: number): Iterable<ItemKey> {
    return this.#iterate(this.#guard(() => this.#snapshot.keys(begin, end)));
  }

  ids(begin: number, end: number): Uint8Array {
    return this.#guard(() => this.#snapshot.ids(begin, end));
  }

  idRuns(begin: number, end: number): Iterable<Uint8Array> {
    return this.#iterate(this.#guard(() => idRunsOf(this.#snapshot, begin, end)));
  }

  fingerprint(begin: number, end: number): Uint8Array {
    return this.#guard(() => this.#snapshot.fingerprint(begin, end));
  }

  fingerprints(cuts: readonly number[]): Uint8Array[] {
    return this.#guard(() => fingerprintsBetween(this.#snapshot, cuts));
  }

  edgeNear(rank: number): number {
    return this.#guard(() => this.#snapshot.edgeNear?.(rank) ?? rank);
  }

  contains(id: Uint8Array): boolean {
    if (!this.#released && this.#init.isAbsent(id)) return false;
    return this.#guard(() => this.#snapshot.contains(id));
  }

  release(): void {
    this.#released = true;
    this.#snapshot.release();
  }

  under(scheme: FingerprintScheme): PartedSnapshot {
    return new GuardedSnapshot(this.#snapshot.under(scheme), this.#init);
  }

  *#iterate<Value>(values: Iterable<Value>): Iterable<Value> {
    const iterator = values[Symbol.iterator]();
    for (;;) {
      const next = this.#guard(() => iterator.next());
      if (next.done) return;
      yield next.value;
    }
  }

  #guard<Result>(read: () => Result): Result {
    try {
      return read();
    } catch (error) {
      if (error instanceof StoreError && error.code === 'STORE_CORRUPT') this.#init.onDamage(error);
      throw error;
    }
  }
}
