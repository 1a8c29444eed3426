import { blake3, SHORT_ID_KEY_BYTES, ZERO_BOUND } from '../../../../store/index.ts';
import type { Interval, Role } from '../../dialect.ts';
import { u64 } from '../../root.ts';
import { DIGEST_BYTES, PROOF_BYTES } from './constants.ts';
import { RecordWriter } from './wire/index.ts';

const derive = blake3.deriveKey('rangemesh native dialect v1 session');

const DOMAIN = { plain: 1, sum: 2, shortIds: 3, initiator: 4, responder: 5 } as const;

/** Everything keyed with one session. */
export interface SessionKey {
  /** 16 bytes: the key of short ids. */
  readonly shortIds: Uint8Array;
  /** The digest of a range from its ids in order. */
  plainDigest(ids: Uint8Array): Uint8Array;
  /** The digest of a range from the state of its `count` ids. */
  sumDigest(state: Uint8Array, count: number): Uint8Array;
  /** What `role` says to prove that it knows the state of its items in the interval. */
  proof(role: Role, state: Uint8Array, count: number, interval: Interval): Uint8Array;
}

/** The key of a session: BLAKE3 over both opening records, and so over both nonces. */
export function sessionKey(initiator: Uint8Array, responder: Uint8Array): SessionKey {
  const key = derive(initiator, responder);
  const keyed = (domain: number, ...parts: Uint8Array[]): Uint8Array =>
    blake3.keyedHash(key, Uint8Array.of(domain), ...parts);
  return {
    shortIds: keyed(DOMAIN.shortIds).slice(0, SHORT_ID_KEY_BYTES),
    plainDigest: (ids) => keyed(DOMAIN.plain, ids).slice(0, DIGEST_BYTES),
    sumDigest: (state, count) => keyed(DOMAIN.sum, state, u64(count)).slice(0, DIGEST_BYTES),
    proof: (role, state, count, { lower, upper }) => {
      const bounds = new RecordWriter(0).boundAfter(ZERO_BOUND, lower).boundAfter(lower, upper);
      return keyed(DOMAIN[role], state, u64(count), bounds.finish()).slice(0, PROOF_BYTES);
    },
  };
}
