import { createPublicKey, type KeyObject, verify } from 'node:crypto';
import type { PublicKey } from '@libp2p/interface';
import { BoundedMap, bytesToKey } from '../../../store/index.ts';

/** What stands before the 32 bytes of a key in its SubjectPublicKeyInfo (RFC 8410, sections 3 and 4). */
const SPKI_PREFIX = Buffer.from('302a300506032b6570032100', 'hex');

/** Keys kept: of so many authors at the most. */
const MAX_KEYS = 1_024;

/** Classes of keys that have been changed. */
const changed = new WeakSet<object>();

/**
 * Has signatures checked with one key object for each author: those of `key`, and of all others of its
 * class, in the whole process. libp2p makes a key object for each signature it checks, which is a quarter
 * to a third of the work, and checking signatures is a quarter of what gossip costs. Ed25519 only; other
 * keys are left as they are.
 */
export function cheapSignatures(key: PublicKey): void {
  const keyClass = Object.getPrototypeOf(key) as Pick<PublicKey, 'verify'>;
  if (key.type !== 'Ed25519' || changed.has(keyClass)) return;
  changed.add(keyClass);
  const objects = new KeyObjects();
  keyClass.verify = function (this: PublicKey, data, signature, options) {
    options?.signal?.throwIfAborted();
    return verify(null, data.subarray(), objects.of(this.raw), signature);
  };
}

/** Key objects by their 32 bytes; the oldest is forgotten for a new one. */
class KeyObjects {
  readonly #objects = new BoundedMap<string, KeyObject>(MAX_KEYS);

  of(raw: Uint8Array): KeyObject {
    const name = bytesToKey(raw);
    const known = this.#objects.get(name);
    if (known !== undefined) return known;
    const made = createPublicKey({
      key: Buffer.concat([SPKI_PREFIX, raw]),
      format: 'der',
      type: 'spki',
    });
    this.#objects.set(name, made);
    return made;
  }
}
