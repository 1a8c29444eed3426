import { ProtocolError } from '../../../protocol/index.ts';
import {
  type Bytes,
  compareBytes,
  concatBytes,
  equalBytes,
  writeU64BE,
} from '../../../store/index.ts';
import { RUN_BYTES } from '../standing/index.ts';

const AGE_BYTES = 8;
/** Bytes by chance that make each claim new: a proof for an earlier claim is worth nothing. */
export const NONCE_BYTES = 32;
const CLAIM_BYTES = AGE_BYTES + RUN_BYTES + NONCE_BYTES;

/** Keeps these signatures apart from all others that a node makes with its identity. */
const DOMAIN = 'rangemesh twin proof: ';

interface ClaimInit {
  /** Whole milliseconds since the run began. */
  readonly ageMs: number;
  readonly run: Uint8Array;
  readonly nonce: Uint8Array;
}

/** What a run says of itself. Claims sort by age. */
export function encodeClaim({ ageMs, run, nonce }: ClaimInit): Bytes {
  const age = new Uint8Array(AGE_BYTES);
  writeU64BE(age, 0, BigInt(ageMs));
  return new Uint8Array(concatBytes(age, run, nonce));
}

/** What follows from the claims of two runs. */
export interface Meeting {
  /** What this run signs. */
  readonly statement: Bytes;
  /** What the other run must have signed. */
  readonly expected: Bytes;
  /** Whether the other run began before this one. */
  readonly isYounger: boolean;
}

/**
 * Each run signs its own claim first, so that its own signature proves nothing to itself. Throws
 * `MALFORMED_FRAME`, and `UNEXPECTED_FRAME` for a claim of this run itself.
 */
export function meet(protocol: string, own: Uint8Array, other: Uint8Array): Meeting {
  if (other.length !== CLAIM_BYTES) {
    const problem = `a claim of a run has ${CLAIM_BYTES} bytes, not ${other.length}`;
    throw new ProtocolError('MALFORMED_FRAME', problem);
  }
  if (equalBytes(runIn(own), runIn(other))) {
    throw new ProtocolError('UNEXPECTED_FRAME', 'the claim is of this run itself');
  }
  return {
    statement: statementOf(protocol, own, other),
    expected: statementOf(protocol, other, own),
    isYounger: compareBytes(own, other) < 0,
  };
}

function runIn(claim: Uint8Array): Uint8Array {
  return claim.subarray(AGE_BYTES, AGE_BYTES + RUN_BYTES);
}

function statementOf(protocol: string, signer: Uint8Array, other: Uint8Array): Bytes {
  const head = new TextEncoder().encode(DOMAIN + protocol);
  return new Uint8Array(concatBytes(head, signer, other));
}
