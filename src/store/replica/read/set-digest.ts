import { StoreError } from '../../errors.ts';
import { isDatabaseError } from '../../level/index.ts';
import { readOnce } from '../../ranks.ts';
import type { Snapshot } from '../../storage.ts';

/** The digest of the whole set, computed once for each content of it. */
export class SetDigest {
  #known: { readonly content: number; readonly digest: Uint8Array } | undefined;

  /** Null if the set cannot be read. */
  of(content: number, take: () => Snapshot): Uint8Array | null {
    if (this.#known?.content !== content) {
      const digest = digestOf(take);
      if (digest === null) return null;
      this.#known = { content, digest };
    }
    return this.#known.digest.slice();
  }
}

function digestOf(take: () => Snapshot): Uint8Array | null {
  try {
    return readOnce(take(), (snapshot) => {
      const { scheme, size } = snapshot;
      return scheme.digest(snapshot.fingerprint(0, size), size);
    });
  } catch (error) {
    if (error instanceof StoreError || isDatabaseError(error)) return null;
    throw error;
  }
}
