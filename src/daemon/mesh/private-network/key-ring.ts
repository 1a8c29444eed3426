import { type Clock, hexToBytes } from '../../../store/index.ts';
import { parsePsk } from '../../keys/index.ts';
import { fromIsoTime } from '../../system/index.ts';

/** More addresses than a node dials; past them the oldest begin with the new key again. */
const MAX_ADDRESSES = 1_024;

export interface KeyRingInit {
  /** See `parsePsk`. */
  readonly psk: string | Uint8Array;
  /**
   * The key before it, which counts beside it.
   * @default no such key
   */
  readonly pskOld?: string | Uint8Array | undefined;
  /**
   * When the old key ceases to count, in ISO 8601.
   * @default it counts as long as it is there
   */
  readonly pskOldUntil?: string | null | undefined;
  readonly clock: Pick<Clock, 'now'>;
}

/** The pre-shared keys that a node accepts, and the key that each address is dialled with. */
export class KeyRing {
  readonly #new: Uint8Array;
  readonly #old: Uint8Array | null;
  readonly #until: number;
  readonly #clock: Pick<Clock, 'now'>;
  /** Addresses that the next dial tries with the old key, in the order in which they came. */
  readonly #behind = new Set<string>();

  /** Throws `CONFIG_INVALID`. */
  constructor({ psk, pskOld, pskOldUntil, clock }: KeyRingInit) {
    this.#new = keyOf(psk);
    this.#old = pskOld === undefined ? null : keyOf(pskOld);
    this.#until = pskOldUntil == null ? Number.POSITIVE_INFINITY : fromIsoTime(pskOldUntil);
    this.#clock = clock;
  }

  /** Whether the old key still counts. */
  get countsOld(): boolean {
    return this.#countingOld() !== null;
  }

  /** Whether this is the key before the new one, be it that it counts or not. */
  isOld(key: Uint8Array): boolean {
    return key !== this.#new;
  }

  /** The new key is the first. */
  get accepted(): readonly Uint8Array[] {
    const old = this.#countingOld();
    return old === null ? [this.#new] : [this.#new, old];
  }

  keyFor(address: string): Uint8Array {
    return (this.#behind.has(address) && this.#countingOld()) || this.#new;
  }

  /** A dial of the address with the key ended without an answer: the next takes the other key. */
  failed(address: string, key: Uint8Array): void {
    this.#behind.delete(address);
    if (key !== this.#new || this.#countingOld() === null) return;
    this.#behind.add(address);
    const [oldest] = this.#behind;
    if (this.#behind.size > MAX_ADDRESSES) this.#behind.delete(oldest!);
  }

  #countingOld(): Uint8Array | null {
    return this.#clock.now() < this.#until ? this.#old : null;
  }
}

function keyOf(psk: string | Uint8Array): Uint8Array {
  const text = new TextDecoder().decode(parsePsk(psk));
  return hexToBytes(text.slice(-64));
}
