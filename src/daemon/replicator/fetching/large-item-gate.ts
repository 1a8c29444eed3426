import { Alarm, bytesToKey, type Clock, type ItemKey } from '../../../store/index.ts';
import type { ReplicatorOptions } from '../options.ts';

export interface LargeItemGateInit extends Pick<ReplicatorOptions, 'largeQuietMs' | 'largeWaitMs'> {
  clock: Clock;
  /** Called when the gate may have opened. */
  wake: () => void;
}

/** A steady flow of small items closes the gate for at most so many quiet times. */
const STEADY = 10;

/** Tells when large items may be fetched: small ones go first, but not for ever. */
export class LargeItemGate {
  readonly #init: LargeItemGateInit;
  readonly #alarm: Alarm;
  /** Large items that came and may not be on disk yet. */
  readonly #uncommitted = new Set<string>();
  #smallAt = Number.NEGATIVE_INFINITY;
  #waitingSince: number | undefined;

  constructor(init: LargeItemGateInit) {
    this.#init = init;
    this.#alarm = new Alarm(init.clock);
  }

  noteLarge(id: Uint8Array): void {
    this.#uncommitted.add(bytesToKey(id));
  }

  /** A request for large items ended: its items are stored or refused. */
  largeEnded(ids: readonly Uint8Array[]): void {
    for (const id of ids) this.#uncommitted.delete(bytesToKey(id));
  }

  /** Items came onto the disk, from any peer or from this node. */
  committed(added: readonly ItemKey[]): void {
    let small = 0;
    for (const { id } of added) {
      if (this.#uncommitted.size === 0 || !this.#uncommitted.delete(bytesToKey(id))) small++;
    }
    if (small > 0) this.noteSmall();
  }

  noteSmall(): void {
    this.#smallAt = this.#init.clock.monotonic();
  }

  /** No large item waits, or its request begins: the next large item has its own wait. */
  reset(): void {
    this.#waitingSince = undefined;
  }

  /** Whether large items have waited so long that they go before small ones. */
  overdue(): boolean {
    return this.#due(this.#init.largeWaitMs) <= this.#init.clock.monotonic();
  }

  /** Whether large items may be asked for while no small one waits. If not, it wakes later. */
  open(): boolean {
    const { clock, largeQuietMs, wake } = this.#init;
    const now = clock.monotonic();
    const due = Math.min(this.#smallAt + largeQuietMs, this.#due(STEADY * largeQuietMs));
    if (due > now) this.#alarm.set(Math.ceil(due - now), wake);
    return due <= now;
  }

  #due(patienceMs: number): number {
    this.#waitingSince ??= this.#init.clock.monotonic();
    return this.#waitingSince + patienceMs;
  }

  stop(): void {
    this.#alarm.cancel();
  }
}
