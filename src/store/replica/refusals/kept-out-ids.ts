import { bytesToKey, keyToBytes } from '../../bytes.ts';
import type { RefusedBy } from '../records/index.ts';
import type { RefusedItem } from './types.ts';

/** The refused ids in memory, as of the last commit, with those that are about to be refused. */
export class KeptOutIds {
  /** By `bytesToKey`, the oldest first. */
  readonly #ids = {
    operator: new Set<string>(),
    /** With the hints, null where they are unknown. */
    policy: new Map<string, bigint | null>(),
  };
  readonly #entering = new Set<string>();

  get counts(): Readonly<Record<RefusedBy, number>> {
    return { operator: this.#ids.operator.size, policy: this.#ids.policy.size };
  }

  has(id: Uint8Array): boolean {
    const { operator, policy } = this.#ids;
    if (operator.size + policy.size + this.#entering.size === 0) return false;
    const key = bytesToKey(id);
    return operator.has(key) || policy.has(key) || this.#entering.has(key);
  }

  /** Who refuses the id, as of the last commit. */
  by(id: Uint8Array): RefusedBy | null {
    const key = bytesToKey(id);
    if (this.#ids.operator.has(key)) return 'operator';
    return this.#ids.policy.has(key) ? 'policy' : null;
  }

  /** The ids count as refused while `work` makes them so; whether it does is for `note` to say. */
  async entering<Result>(ids: readonly Uint8Array[], work: () => Promise<Result>): Promise<Result> {
    const keys = ids.map(bytesToKey);
    for (const key of keys) this.#entering.add(key);
    try {
      return await work();
    } finally {
      for (const key of keys) this.#entering.delete(key);
    }
  }

  note({ id, by, hint }: { id: Uint8Array } & Pick<RefusedItem, 'by' | 'hint'>): void {
    this.delete(id);
    if (by === 'operator') this.#ids.operator.add(bytesToKey(id));
    else this.#ids.policy.set(bytesToKey(id), hint);
  }

  delete(id: Uint8Array): void {
    const key = bytesToKey(id);
    this.#ids.operator.delete(key);
    this.#ids.policy.delete(key);
  }

  /** The oldest ids of a policy beyond `limit`. */
  beyond(limit: number): Uint8Array[] {
    const { policy } = this.#ids;
    const oldest: Uint8Array[] = [];
    for (const key of policy.keys()) {
      if (oldest.length + limit >= policy.size) break;
      oldest.push(keyToBytes(key));
    }
    return oldest;
  }

  /** Ids of a policy with lower hints. */
  policyBelow(floor: bigint): Uint8Array[] {
    const old: Uint8Array[] = [];
    for (const [key, hint] of this.#ids.policy) {
      if (hint !== null && hint < floor) old.push(keyToBytes(key));
    }
    return old;
  }

  /** All ids, in pages. */
  *pages(size: number): Generator<Uint8Array[], void> {
    for (const ids of Object.values(this.#ids)) {
      const rest = [...ids.keys()];
      for (let at = 0; at < rest.length; at += size) {
        yield rest.slice(at, at + size).map(keyToBytes);
      }
    }
  }

  clear(): void {
    this.#ids.operator.clear();
    this.#ids.policy.clear();
  }
}
