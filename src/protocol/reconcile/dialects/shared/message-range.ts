import type { Bound } from '../../../../store/index.ts';
import { ProtocolError } from '../../../errors.ts';

/** A statement about the keys from the bound of the previous range up to `upper`. */
export type MessageRange = SkipRange | FingerprintRange | ListRange;

export interface SkipRange {
  readonly mode: 'skip';
  readonly upper: Bound;
}

export interface FingerprintRange {
  readonly mode: 'fingerprint';
  readonly upper: Bound;
  /** As long as the dialect's fingerprints are. */
  readonly fingerprint: Uint8Array;
}

export interface ListRange {
  readonly mode: 'list';
  readonly upper: Bound;
  /** Ids of 32 bytes each, concatenated. */
  readonly ids: Uint8Array;
}

export interface DecodeLimits {
  /** Longest message accepted, in bytes. */
  maxBytes: number;
}

/** Throws `FRAME_TOO_LARGE`. */
export function checkMessageBytes(bytes: number, { maxBytes }: DecodeLimits): void {
  if (bytes <= maxBytes) return;
  throw new ProtocolError(
    'FRAME_TOO_LARGE',
    `a message of ${bytes} bytes is longer than the limit of ${maxBytes}`,
  );
}
