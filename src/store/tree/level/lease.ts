import type { AbstractSnapshot } from 'abstract-level';
import type { Cancel, Clock } from '../../environment.ts';
import { StoreError } from '../../errors.ts';
import { invariant } from '../../invariant.ts';
import { releasedError } from '../../ranks.ts';
import type { Lease } from '../snapshot.ts';

/** A snapshot of LevelDB, closed when its last user lets go of it. */
export class SharedSnapshot {
  readonly level: AbstractSnapshot;
  /** `Clock.monotonic` when it was taken. */
  readonly takenAt: number;
  #users = 0;

  constructor(level: AbstractSnapshot, takenAt: number) {
    this.level = level;
    this.takenAt = takenAt;
  }

  get closed(): boolean {
    return this.#users < 0;
  }

  acquire(): void {
    invariant(!this.closed, 'session', 'SNAPSHOT_ACQUIRED', this.takenAt);
    this.#users++;
  }

  release(): void {
    invariant(this.#users > 0, 'process', 'SNAPSHOT_RELEASED_TWICE', this.#users);
    if (--this.#users > 0) return;
    this.#users = -1;
    void this.level.close();
  }
}

export interface LevelLeaseInit {
  shared: SharedSnapshot;
  clock: Clock;
  maxAgeMs: number;
  /** Called once, when the lease ends for any reason. */
  onEnd: (lease: LevelLease) => void;
}

/** A user's hold on a LevelDB snapshot: until it is released, grows too old, or its tree closes. */
export class LevelLease implements Lease {
  readonly #init: LevelLeaseInit;
  readonly #expiresAt: number;
  readonly #cancel: Cancel;
  #ended: (() => StoreError) | null = null;

  constructor(init: LevelLeaseInit) {
    this.#init = init;
    init.shared.acquire();
    this.#expiresAt = init.clock.monotonic() + init.maxAgeMs;
    this.#cancel = init.clock.after(init.maxAgeMs, () => this.#expire());
  }

  check(): void {
    if (this.#ended === null && this.#init.clock.monotonic() >= this.#expiresAt) this.#expire();
    if (this.#ended !== null) throw this.#ended();
  }

  release(): void {
    this.end(releasedError);
  }

  /** Ends it. Later uses of the snapshot throw `reason`. Idempotent. */
  end(reason: () => StoreError): void {
    if (this.#ended !== null) return;
    this.#ended = reason;
    this.#cancel();
    this.#init.shared.release();
    this.#init.onEnd(this);
  }

  #expire(): void {
    const reason = `this snapshot is older than ${this.#init.maxAgeMs} ms: take a new one and go on from there`;
    this.end(() => new StoreError('SNAPSHOT_EXPIRED', reason));
  }
}
