import { createPublicKey, type KeyObject, verify } from 'node:crypto';
import type { PublicKey } from '@libp2p/interface';
import { BoundedMap, bytesToKey } from '../../../store/index.ts';

/** Precedes the 32 bytes of a key in its SubjectPublicKeyInfo (RFC 8410, sections 3 and 4). */
const SPKI_PREFIX = Buffer.from('302a300506032b6570032100', 'hex');

/** Keys kept at most, one for each author; the oldest makes room. */
const MAX_KEYS = 1_024;

/** Classes of keys that have been changed. */
const changed = new WeakSet<object>();

/**
 * Keeps one key object for each author, in the whole process, for `key` and all others of its class:
 * libp2p makes a new key object for each signature it checks (docs/decisions.md). Ed25519 only; other
 * keys are left as they are.
 */
export function cheapSignatures(key: PublicKey): void {
  const keyClass = Object.getPrototypeOf(key) as Pick<PublicKey, 'verify'>;
  if (key.type !== 'Ed25519' || changed.has(keyClass)) return;
  changed.add(keyClass);
  const kept = new BoundedMap<string, KeyObject>(MAX_KEYS);
  keyClass.verify = function (this: PublicKey, data, signature, options) {
    options?.signal?.throwIfAborted();
    const name = bytesToKey(this.raw);
    const object = kept.get(name) ?? keyObject(this.raw);
    if (!kept.has(name)) kept.set(name, object);
    return verify(null, data.subarray(), object, signature);
  };
}

function keyObject(raw: Uint8Array): KeyObject {
  return createPublicKey({ key: Buffer.concat([SPKI_PREFIX, raw]), format: 'der', type: 'spki' });
}
